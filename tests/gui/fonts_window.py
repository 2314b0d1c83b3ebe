"""A window with every icon and some text, for test_fonts.py: `fonts_window.py ICONS_JSON`."""

import json
import sys
from pathlib import Path

COLUMNS, CELL, TOP = 12, 40, 112
TEXT = "Patchbay draws a loss of 0.0123456789 → ∂L/∂θ · σ² ≤ ½ · ×÷± … “größer” Ω Привет"


def main(icons: Path) -> None:
    import dearpygui.dearpygui as dpg  # here: the tests read the numbers above without libGL

    dpg.create_context()
    with dpg.font_registry():
        regular, bold, mono = (
            dpg.add_font(str(icons.with_name(name + ".ttf")), 16)
            for name in ("Patchbay-Regular", "Patchbay-SemiBold", "JetBrainsMono-Regular")
        )
    dpg.create_viewport(title="fonts", width=1280, height=800, x_pos=0, y_pos=0, decorated=False)
    with dpg.window() as window:
        dpg.bind_item_font(window, regular)
        for font, size in ((regular, 14), (regular, 16), (bold, 16), (mono, 16)):
            text = dpg.add_text(TEXT + f" {size} \ue000 \ue00a save")
            dpg.bind_item_font(text, font)
        with dpg.drawlist(width=1000, height=640, pos=(0, TOP)):
            for index, code in enumerate(json.loads(icons.read_text()).values()):
                place = (index % COLUMNS * CELL + 8, index // COLUMNS * CELL + 8)
                dpg.draw_text(place, chr(code), size=24)
            for index, size in enumerate((12, 14, 16, 20, 28, 40)):
                dpg.draw_text((560, index * 50), "Conv2d \ue019 \ue046 (N, 32, 8, 8)", size=size)
    dpg.set_primary_window(window, True)
    dpg.setup_dearpygui()
    dpg.show_viewport()
    dpg.start_dearpygui()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
