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
    "offline": ("No answer from the server; trying again…", "服务器没有响应，正在重试…"),
    "gave_up": ("The server does not answer. Please try again in a minute.", "服务器没有响应，请稍后再试。"),
    "unreadable": (
        "This browser cannot show that file. Please use a JPEG, PNG or WebP picture.",
        "浏览器无法显示该文件，请使用 JPEG、PNG 或 WebP 图片。",
    ),
    "not_a_picture": (
        "That file is not a picture we can read. Please use a JPEG, PNG or WebP picture.",
        "无法读取该文件，请使用 JPEG、PNG 或 WebP 图片。",
    ),
    "too_many_pixels": (
        "That picture is larger than {limit} megapixels. Please make it smaller first.",
        "图片超过 {limit} 百万像素，请先缩小。",
    ),
    "upload_failed": (
        "The photo could not be uploaded. Please try again, or make it smaller than {limit} MB.",
        "照片上传失败，请重试，或使用小于 {limit} MB 的照片。",
    ),
    "upload_missing": ("The photo did not arrive. Please choose it again.", "照片没有上传成功，请重新选择。"),
    "different_size": (
        "The server reads this photo in another size than the browser does. Please save it again as PNG or JPEG.",
        "服务器与浏览器读到的照片尺寸不一致，请另存为 PNG 或 JPEG 后再试。",
    ),
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
