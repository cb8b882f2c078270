"""Every sentence of the page, in each language. The browser goes by its language, the server by Accept-Language."""
# ruff: noqa: RUF001 (Chinese punctuation is meant)

LANGUAGES = ("en", "zh")

# key: (English, Chinese). {braces} are filled in by whoever shows the sentence.
SENTENCES: dict[str, tuple[str, str]] = {
    # The first look
    "title": ("Inpaint", "图像修复"),
    "lead": (
        "Paint over a scratch or anything that should go; the picture fills itself in.",
        "涂抹划痕或任何想去掉的东西，画面会自动补全。",
    ),
    "choose": ("Open a photo", "打开照片"),
    "camera": ("Take a photo", "拍照"),
    "drop": ("You can also drop a photo anywhere here, or paste one.", "也可以把照片拖到页面上，或直接粘贴。"),
    "examples": ("Examples", "示例"),
    "farmhouse": ("A scratched print", "有划痕的老照片"),
    "harbour": ("A mast to remove", "去掉桅杆"),
    "coffee": ("Ink on the picture", "照片上的墨迹"),
    "try_farmhouse": (
        "Try it: paint over the scratch that is left, at the lower right.",
        "试一试：涂抹右下方剩下的那条划痕。",
    ),
    # Tools
    "tools": ("Tools", "工具"),
    "brush": ("Brush", "画笔"),
    "eraser": ("Eraser", "橡皮"),
    "move": ("Move the picture", "移动画面"),
    "size": ("Size", "大小"),
    "undo": ("Undo", "撤销"),
    "redo": ("Redo", "重做"),
    "clear": ("Clear all strokes", "清除全部涂抹"),
    "compare": ("Compare", "对比"),
    "divider": ("Line between before and after", "修复前后的分界线"),
    "hold": ("Hold to see before", "按住看修复前"),
    "before": ("Before", "修复前"),
    "after": ("After", "修复后"),
    "zoom_in": ("Larger", "放大"),
    "zoom_out": ("Smaller", "缩小"),
    "whole": ("Whole picture", "显示整张"),
    "download": ("Download", "下载"),
    "canvas": ("Your photo. Paint over what should go.", "您的照片。涂抹想去掉的部分。"),
    "versions": ("Versions of this visit", "本次访问的版本"),
    "original": ("The photo as it came", "原始照片"),
    "version": ("Back to version {number}", "回到版本 {number}"),
    # Options
    "find_damage": ("Find damage", "查找损伤"),
    "options": ("Options", "选项"),
    "mask": ("Mask", "蒙版"),
    "wider": ("Fill beyond the stroke", "补全范围向外扩展"),
    "grow_mask": ("Grow what is painted", "扩大已涂抹区域"),
    "choose_mask": ("Upload a mask", "上传蒙版"),
    "save_mask": ("Download it", "下载蒙版"),
    "mask_help": (
        "A mask is a picture of the photo's size: white is filled, black stays.",
        "蒙版是与照片同尺寸的图片：白色处补全，黑色处保留。",
    ),
    "model": ("Model", "模型"),
    "model_name_label": ("Repository on the Hugging Face Hub", "Hugging Face Hub 上的仓库"),
    "model_help": (
        "A public repository on the Hugging Face Hub with weights for this page.",
        "Hugging Face Hub 上含本页可用权重的公开仓库。",
    ),
    "use_model": ("Use it", "使用"),
    "own_model": ("Back to the page's own", "恢复本页自带模型"),
    # What is going on
    "opening": ("Opening the photo…", "正在打开照片…"),
    "empty": ("Open a photo, drop one here, or paste one.", "请打开、拖入或粘贴一张照片。"),
    "hint": ("Paint over what should go.", "涂抹想去掉的部分。"),
    "filling": ("Filling…", "正在补全…"),
    "filled": ("Done. Keep painting, or download the picture.", "完成。可以继续涂抹，或下载图片。"),
    "loading": ("Getting the model…", "正在获取模型…"),
    "saving": ("Preparing the full-size picture…", "正在生成原尺寸图片…"),
    "saved": ("Saved as {name}.", "已保存为 {name}。"),
    "reopening": ("The server had let go of this photo; opening it again…", "服务器已释放该照片，正在重新打开…"),
    # What went wrong, and what to do
    "no_damage": (
        "No damage that stands out was found. Paint over what you see.",
        "没有找到明显的损伤。请直接涂抹您看到的地方。",
    ),
    "busy": (
        "Many people are painting right now; your stroke is next in line.",
        "当前使用人数较多，您的操作正在排队。",
    ),
    "place": (
        "Many people are painting right now. You are number {place} in line; you can go on painting.",
        "当前使用人数较多，您排在第 {place} 位，可以继续涂抹。",
    ),
    "full": (
        "So many people are waiting right now that there is no place left in line. Please try again in a minute.",
        "当前排队人数已满，请稍后再试。",
    ),
    "too_long": (
        "That is larger than {limit} MB, which is more than the page takes at once. Please make it smaller first.",
        "数据超过 {limit} MB 的上限，请先缩小。",
    ),
    "scripts_failed": ("The page did not load completely. Reload it.", "页面未能完整加载，请刷新。"),
    "offline": ("No answer from the server; trying again…", "服务器没有响应，正在重试…"),
    "gave_up": ("The server does not answer. Please try again in a minute.", "服务器没有响应，请稍后再试。"),
    "not_a_picture": (
        "That file is not a picture we can read. Please use a JPEG, PNG, WebP or TIFF picture.",
        "无法读取该文件，请使用 JPEG、PNG、WebP 或 TIFF 图片。",
    ),
    "too_many_pixels": (
        "That picture is larger than {megapixels} megapixels. Please make it smaller first.",
        "图片超过 {megapixels} 百万像素，请先缩小。",
    ),
    "upload_failed": (
        "The photo could not be uploaded. Please try again, or make it smaller than {megabytes} MB.",
        "照片上传失败，请重试，或使用小于 {megabytes} MB 的照片。",
    ),
    "upload_missing": ("The photo did not arrive. Please choose it again.", "照片没有上传成功，请重新选择。"),
    "gone": (
        "This photo is no longer open on the server. Please choose it again.",
        "服务器已不再保留该照片，请重新选择。",
    ),
    "mask_refused": ("This mask cannot be used: {reason}.", "无法使用该蒙版：{reason}。"),
    "no_version": ("That version is no longer kept. Please choose another one.", "该版本已不再保留，请选择其他版本。"),
    "model_name": (
        "A model is named like owner/name or owner/name@revision. Please check the name.",
        "模型名称的格式为 owner/name 或 owner/name@revision，请检查。",
    ),
    "model_refused": ("The model stays as it was. {reason}", "模型保持不变。{reason}"),
    "all_painted": (
        "The whole picture is painted over, so there is nothing to continue from. Please undo, or erase a part.",
        "整张图片都被涂抹，无法参考周围内容补全。请撤销或擦除一部分。",
    ),
    "bad_request": ("The page sent something unexpected. Please reload it.", "页面发送了异常数据，请刷新页面。"),
    "unexpected": ("Something went wrong on the server. Please try that again.", "服务器出错，请重试。"),
    # What special weights are good for
    "about_center": (
        "These weights are a Context Encoder of 2016. It sees a photo in squares of 128 pixels and has learnt to fill"
        " the middle of them: compact holes of up to 64 pixels come out best. Photos of any size work, larger holes get"
        " blurred.",
        "当前权重是 2016 年的 Context Encoder：它以 128 像素的方块观察照片，只学会补全方块的中央，"
        "因此 64 像素以内的紧凑区域效果最好。任何尺寸的照片都可使用，较大的区域会变得模糊。",
    ),
    "about_full": (
        "These weights are a Context Encoder of 2016. It sees a photo in squares of 128 pixels and fills holes of any"
        " shape in them: holes of up to 64 pixels come out best. Photos of any size work, larger holes get blurred.",
        "当前权重是 2016 年的 Context Encoder：它以 128 像素的方块观察照片，可补全其中任意形状的区域，"
        "64 像素以内的区域效果最好。任何尺寸的照片都可使用，较大的区域会变得模糊。",
    ),
    # The banner and the last lines
    "fallback": (
        "The model that was asked for could not be loaded, so this page uses its own.",
        "指定的模型无法加载，本页改用自带模型。",
    ),
    "api": ("Use it from a program", "通过程序调用"),
    "weights": ("Weights", "模型权重"),
    "card": ("model card", "模型说明"),
    "runtime": ("Runs on", "运行于"),
    "privacy": (
        "Your picture is worked on by this server and removed after your visit; nothing stays.",
        "图片在本服务器上处理，访问结束后即删除，不作保留。",
    ),
    "retrain": ("Train it on your own pictures", "用自己的图片训练"),
    "model_gone": (
        "Those weights are no longer loaded here. Please choose them again on the page for retraining.",
        "这些权重已不在服务器上，请在训练页面重新选择。",
    ),
    # The page for retraining: its form
    "retrain_who": ("Signed in as {account}.", "已登录：{account}。"),
    "retrain_sign_out": ("Sign out", "退出"),
    "retrain_sign_in_button": ("Sign in with Hugging Face", "使用 Hugging Face 登录"),
    "retrain_sign_in": (
        "Please sign in first: the run belongs to your account and is paid by it.",
        "请先登录：训练任务属于您的账号并由其付费。",
    ),
    "retrain_how_oauth": (
        "A run trains on a machine of Hugging Face, on your account. Sign in to start one; this page then may start"
        " jobs and write repositories for you.",
        "训练在 Hugging Face 的机器上以您的账号运行。请登录后开始；登录即允许本页为您启动任务并写入仓库。",
    ),
    "retrain_how_none": (
        "Nobody can sign in here, so that no run can be started. Duplicate this Space with sign-in, or use"
        " `make app` on your own machine.",
        "此处无法登录，因此不能开始训练。请复制此 Space 并启用登录，或在自己的机器上运行 `make app`。",
    ),
    "retrain_how_away": (
        "This page runs on a private machine, and only a browser on that machine may start runs.",
        "本页运行在私人机器上，只有该机器上的浏览器才能启动训练。",
    ),
    "retrain_how_token_here": (
        "Nobody is signed in on this machine. Runs work here all the same, and their weights stay here. To rent"
        " hardware and to publish, use `hf auth login` and reload this page.",
        "本机尚未登录。仍可在本机训练，权重留在本机。如需租用硬件或发布，请运行 `hf auth login` 后刷新页面。",
    ),
    "retrain_pictures": ("Your pictures", "您的图片"),
    "retrain_dataset": ("A dataset on the Hugging Face Hub", "Hugging Face Hub 上的数据集"),
    "retrain_checking": ("Looking…", "正在查找…"),
    "retrain_found": ("Found.", "已找到。"),
    "retrain_found_private": ("Found, and private.", "已找到，为私有数据集。"),
    "retrain_local": ("Found on this machine.", "已在本机找到。"),
    "retrain_rows": ("Rows: {count}.", "共 {count} 行。"),
    "retrain_files": ("Files that may hold pictures: {count}.", "共有 {count} 个可能包含图片的文件。"),
    "retrain_nine": (
        "The first nine, as training sees them. What is green it learns to fill.",
        "前九张训练样本，绿色区域即模型要学会补全的部分。",
    ),
    "retrain_what": ("What is trained", "训练内容"),
    "retrain_preset_photos": ("For photos of any size", "任意尺寸的照片"),
    "retrain_about_photos": (
        "The generator that this page paints with: strokes, scratches, whole objects.",
        "即本页使用的生成器：笔画、划痕、整个物体。",
    ),
    "retrain_preset_context-encoder": ("Context Encoder of 2016", "2016 年的 Context Encoder"),
    "retrain_about_context-encoder": (
        "The paper, as it was: squares of 128 pixels with their middle missing.",
        "原论文的设置：128 像素方块，补全中央。",
    ),
    "retrain_preset_tiny": ("Tiny, to try it out", "微型，用于试用"),
    "retrain_about_tiny": ("A few minutes on any machine; its fills are rough.", "任何机器几分钟即可，效果粗略。"),
    "retrain_images": ("For how many images", "训练图片数量"),
    "retrain_where": ("Where", "运行位置"),
    "retrain_hardware": ("Hardware", "硬件"),
    "retrain_here": ("This machine", "本机"),
    "retrain_price": ("${price} an hour", "每小时 ${price}"),
    "retrain_free": ("free", "免费"),
    "retrain_repo_label": ("Repository that gets the weights", "存放权重的仓库"),
    "retrain_private": ("It will be private, as the pictures are.", "与图片一样，仓库将为私有。"),
    "retrain_guess": (
        "About {time} and ${cost}: a rough guess, and only what is used is paid.",
        "大约 {time}，${cost}。仅为粗略估计，按实际使用付费。",
    ),
    "retrain_guess_free": ("About {time}, a rough guess.", "大约 {time}（粗略估计）。"),
    "retrain_minutes": ("{count} min", "{count} 分钟"),
    "retrain_hours": ("{count} h", "{count} 小时"),
    "retrain_start": ("Start", "开始"),
    # A run
    "retrain_stage_scheduling": ("waiting for a machine", "等待机器"),
    "retrain_stage_running": ("running", "运行中"),
    "retrain_stage_completed": ("done", "已完成"),
    "retrain_stage_canceled": ("cancelled", "已取消"),
    "retrain_stage_error": ("stopped", "已停止"),
    "retrain_stage_deleted": ("deleted", "已删除"),
    "retrain_waiting": ("Getting ready; the first images take some minutes…", "准备中，首批图片需要几分钟…"),
    "retrain_images_of": ("{count} of {total} images", "{count} / {total} 张图片"),
    "retrain_images_seen": ("{count} images", "{count} 张图片"),
    "retrain_speed": ("{speed} images a second", "每秒 {speed} 张"),
    "retrain_left": ("about {time} to go", "剩余约 {time}"),
    "retrain_publishing": ("publishing…", "正在发布…"),
    "retrain_published": ("The weights are published:", "权重已发布："),
    "retrain_done_here": ("The weights are on this machine.", "权重保存在本机。"),
    "retrain_kept": (
        "What it reached is kept. Start the same run again, and it goes on from there.",
        "已有进度会保留。再次开始相同的训练即可继续。",
    ),
    "retrain_sheet": (
        "The newest sample sheet. From the top: with holes, predicted, filled, the truth.",
        "最新样张，自上而下：缺损、预测、补全、原图。",
    ),
    "retrain_words": ("What it says", "运行日志"),
    "retrain_job_link": ("Its page on the Hub", "Hub 上的任务页面"),
    "retrain_cancel": ("Cancel", "取消"),
    "retrain_use": ("Use these weights", "使用这些权重"),
    "retrain_used": ("This browser paints with them now.", "此浏览器现在使用它们修复照片。"),
    "retrain_own": ("Back to the page's own", "恢复本页自带模型"),
    "retrain_paint": ("Paint with them", "用它们修复照片"),
    "retrain_new": ("Another run", "新的训练"),
    "retrain_recent": ("Your runs", "您的训练"),
    "retrain_back": ("Back to painting", "返回修复"),
    "retrain_privacy": (
        "Your token goes to your own run and nowhere else; nothing of it is kept here.",
        "令牌仅用于您自己的训练任务，本页不作保留。",
    ),
    "retrain_repo": (
        "The repository is named like you/weights: letters, digits, dots and dashes. Please check the name.",
        "仓库名称的格式为 you/weights，可用字母、数字、点和短横线，请检查。",
    ),
    "retrain_hardware_gone": (
        "That hardware is not to be had any more. Please choose another one.",
        "该硬件已不可用，请选择其他硬件。",
    ),
    "retrain_no_dataset": (
        "There is no such dataset. It is named like owner/name, or owner/name:subset.",
        "找不到该数据集，名称格式为 owner/name 或 owner/name:subset。",
    ),
    "retrain_images_range": ("The number of images goes from 1 to {limit}.", "图片数量应在 1 到 {limit} 之间。"),
    "retrain_gone": ("There is no such run.", "没有该训练任务。"),
    "retrain_not_published": (
        "This run has not published any weights. Please wait for its end, or start it again.",
        "该训练尚未发布权重，请等待结束或重新开始。",
    ),
    "retrain_expires": (
        "Your sign-in ends before this run would. Please sign out and in again, or choose faster hardware.",
        "您的登录将在训练结束前失效，请重新登录，或选择更快的硬件。",
    ),
    "retrain_no_storage": (
        "This browser does not let the page remember your choice. Please allow storage for it.",
        "浏览器不允许本页记住您的选择，请允许存储。",
    ),
}


def language_of(accept_language: str | None) -> str:
    """The page's language for an Accept-Language header: the first one named that the page speaks, else English."""
    for part in (accept_language or "").lower().split(","):
        if (language := part.strip()[:2]) in LANGUAGES:
            return language
    return "en"


def sentence(key: str, language: str, **values: object) -> str:
    """One sentence with its values filled in."""
    return SENTENCES[key][LANGUAGES.index(language)].format(**values)


def table() -> dict[str, dict[str, str]]:
    """{language: {key: sentence}}, for the browser."""
    return {name: {key: row[i] for key, row in SENTENCES.items()} for i, name in enumerate(LANGUAGES)}
