"""Ways to use the page: with the mouse, with fingers, and with the keyboard alone. All of them do the same things."""

STEP, FAR = 8, 32
"""Pixels of the stage that an arrow key moves the brush, and with Shift."""


class Mouse:
    """Uses the page of a visitor with the mouse."""

    def __init__(self, visitor):
        self.visitor, self.page = visitor, visitor.page

    def press(self, name):
        self.visitor[name].click()

    def draw(self, *points):
        """Draw through points of the photo."""
        self.bring_into_view()
        self.visitor.draw(*[self.visitor.place(*point) for point in points])

    def point_at(self, x, y):
        """Click on a point of the photo."""
        self.bring_into_view()
        self.page.mouse.click(*self.visitor.place(x, y))

    def slide(self, name, share):
        """Move a slider to a share of its length, at least nearly."""
        self.visitor[name].evaluate("each => each.scrollIntoView({ block: 'nearest' })")  # not below what sticks on top
        box = self.visitor[name].bounding_box()
        self.drag(self.knob(name), (box["x"] + share * box["width"], box["y"] + box["height"] / 2))

    def drag(self, start, end):
        self.visitor.draw(start, end)

    def knob(self, name):
        """The place of a slider's knob, whose width is 44 px at the divider and 16 px elsewhere."""
        box = self.visitor[name].bounding_box()
        low, high, value = self.visitor[name].evaluate("({min, max, value}) => [min, max, value].map(Number)")
        width = 44 if name == "divider" else 16
        share = (value - low) / (high - low)
        return box["x"] + width / 2 + share * (box["width"] - width), box["y"] + box["height"] / 2

    def bring_into_view(self):
        self.visitor["canvas"].scroll_into_view_if_needed()


class Fingers(Mouse):
    """Uses the page with one finger."""

    def __init__(self, visitor):
        super().__init__(visitor)
        self.session = self.page.context.new_cdp_session(self.page)

    def press(self, name):
        self.visitor[name].tap()

    def draw(self, *points):
        self.bring_into_view()
        self.touch(*[self.visitor.place(*point) for point in points])

    def point_at(self, x, y):
        self.bring_into_view()
        self.page.touchscreen.tap(*self.visitor.place(x, y))

    def drag(self, start, end):
        self.touch(start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), end)

    def touch(self, *places):
        """Move one finger through points of the window."""
        for number, (x, y) in enumerate(places):
            event = {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]}
            self.session.send("Input.dispatchTouchEvent", event)
        self.session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


class Keys(Mouse):
    """Uses the page with the keyboard alone; that Tab reaches every control is tested elsewhere."""

    def __init__(self, visitor):
        super().__init__(visitor)
        self.brush = None  # where the brush is on the stage

    def press(self, name):
        self.visitor[name].focus()
        is_switch = self.visitor[name].evaluate("each => each.type === 'checkbox'")
        self.page.keyboard.press("Space" if is_switch else "Enter")

    def draw(self, *points):
        self.visitor["canvas"].focus()
        self.move(points[0])
        self.page.keyboard.press("Enter")
        for point in points[1:]:
            self.move(point)
        self.page.keyboard.press("Enter")

    def move(self, point):
        """Move the brush near a point of the photo."""
        stage, view = self.visitor["stage"].bounding_box(), self.visitor.run("view")
        goal = [point[0] * view["scale"] + view["x"], point[1] * view["scale"] + view["y"]]
        self.brush = self.brush or [stage["width"] / 2, stage["height"] / 2]
        for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
            for step, prefix in ((FAR, "Shift+"), (STEP, "")):
                count = int(abs(goal[axis] - self.brush[axis]) / step)
                sign = 1 if goal[axis] > self.brush[axis] else -1
                for _ in range(count):
                    self.page.keyboard.press(prefix + keys[sign > 0])
                self.brush[axis] += sign * step * count

    def point_at(self, x, y):
        """Go to the first find, and press the button that takes it back."""
        self.press("next-find")
        self.press("toggle-find")

    def slide(self, name, share):
        self.visitor[name].focus()
        low, high, value, step = self.visitor[name].evaluate(
            "({min, max, value, step}) => [min, max, value, step || 1].map(Number)"
        )
        count = round((low + share * (high - low) - value) / step)
        for _ in range(abs(count)):
            self.page.keyboard.press("ArrowRight" if count > 0 else "ArrowLeft")
