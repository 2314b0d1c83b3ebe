"""Where the panels lie."""

import pytest

from app.editor.window.layout import lay_out


@pytest.mark.parametrize("size", [(1480, 920), (1024, 700), (640, 480), (2560, 1440)])
def test_panels_fill_the_window_and_share_no_pixel(size: tuple[int, int]) -> None:
    layout = lay_out(*size)
    areas = list(vars(layout).values())
    for index, area in enumerate(areas):
        assert area.width > 0
        assert area.height > 0
        assert area.x + area.width <= size[0]
        assert area.y + area.height <= size[1]
        for other in areas[index + 1 :]:
            apart = (
                area.x + area.width <= other.x
                or other.x + other.width <= area.x
                or area.y + area.height <= other.y
                or other.y + other.height <= area.y
            )
            assert apart
