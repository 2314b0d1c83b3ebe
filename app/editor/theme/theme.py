"""Fonts and the dark theme, as Dear PyGui wants them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import dearpygui.dearpygui as dpg

from app.editor.theme import style
from app.editor.theme.style import Colour, scale

FONTS = Path(__file__).resolve().parents[3] / "assets" / "fonts"
SIZE = 17
CODE_SIZE = 16
SMALL_SIZE = 14


@dataclass(frozen=True)
class Fonts:
    """The fonts of the interface."""

    regular: int
    bold: int
    mono: int
    small: int


@cache
def fonts() -> Fonts:
    """The fonts, of which the regular one is used everywhere. Needs a Dear PyGui context."""
    with dpg.font_registry():
        loaded = Fonts(
            regular=dpg.add_font(str(FONTS / "Patchbay-Regular.ttf"), scale(SIZE)),
            bold=dpg.add_font(str(FONTS / "Patchbay-SemiBold.ttf"), scale(SIZE)),
            mono=dpg.add_font(str(FONTS / "JetBrainsMono-Regular.ttf"), scale(CODE_SIZE)),
            small=dpg.add_font(str(FONTS / "Patchbay-SemiBold.ttf"), scale(SMALL_SIZE)),
        )
    dpg.bind_font(loaded.regular)
    return loaded


def use_dark_theme() -> None:
    """Make the calm dark theme that of all items."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        for target, colour in _COLOURS.items():
            dpg.add_theme_color(target, colour)
        for target, (x, y) in _STYLES.items():
            dpg.add_theme_style(target, scale(x), scale(y))
    dpg.bind_theme(theme)


@cache
def bare() -> int:
    """A theme for areas without padding, such as that around the canvas."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, 0, 0)
        dpg.add_theme_style(dpg.mvStyleVar_ItemSpacing, 0, 0)
        dpg.add_theme_color(dpg.mvThemeCol_ChildBg, style.BACKGROUND)
    return int(theme)


@cache
def frame() -> int:
    """A theme for the window around the panels: what shows between them is a line."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvWindowAppItem):
        dpg.add_theme_color(dpg.mvThemeCol_WindowBg, style.BLACK)
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, 0, 0)
        dpg.add_theme_style(dpg.mvStyleVar_WindowBorderSize, 0, 0)
        dpg.add_theme_style(dpg.mvStyleVar_WindowRounding, 0, 0)
    return int(theme)


@cache
def text_colour(colour: Colour) -> int:
    """A theme that only colours text."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        dpg.add_theme_color(dpg.mvThemeCol_Text, colour)
    return int(theme)


@cache
def filled(colour: Colour) -> int:
    """A theme for a button that is to be noticed."""
    lighter = (*(min(255, part + 22) for part in colour[:3]), 255)
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        dpg.add_theme_color(dpg.mvThemeCol_Button, colour)
        dpg.add_theme_color(dpg.mvThemeCol_ButtonHovered, lighter)
        dpg.add_theme_color(dpg.mvThemeCol_ButtonActive, lighter)
        dpg.add_theme_color(dpg.mvThemeCol_Text, style.BLACK)
    return int(theme)


@cache
def flat() -> int:
    """A theme for buttons that show themselves only under the mouse, and are pale when they do
    nothing.
    """
    with dpg.theme() as theme:
        with dpg.theme_component(dpg.mvButton):
            dpg.add_theme_color(dpg.mvThemeCol_Button, (0, 0, 0, 0))
        with dpg.theme_component(dpg.mvButton, enabled_state=False):
            for target in (
                dpg.mvThemeCol_Button,
                dpg.mvThemeCol_ButtonHovered,
                dpg.mvThemeCol_ButtonActive,
            ):
                dpg.add_theme_color(target, (0, 0, 0, 0))
            dpg.add_theme_color(dpg.mvThemeCol_Text, style.hexed("#4d5462"))
    return int(theme)


@cache
def tab(in_front: bool) -> int:
    """A theme for a button that stands for a tab."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        back = style.hexed("#343b48") if in_front else (0, 0, 0, 0)
        dpg.add_theme_color(dpg.mvThemeCol_Button, back)
        dpg.add_theme_color(dpg.mvThemeCol_Text, style.TEXT if in_front else style.MUTED)
    return int(theme)


@cache
def panel(x: int, y: int) -> int:
    """A theme for a panel with room at its sides."""
    with dpg.theme() as theme, dpg.theme_component(dpg.mvAll):
        dpg.add_theme_style(dpg.mvStyleVar_WindowPadding, scale(x), scale(y))
    return int(theme)


def forget() -> None:
    """Drop the fonts and themes that were made, which die with the context."""
    for maker in (fonts, bare, frame, text_colour, filled, flat, panel, tab):
        maker.cache_clear()


_COLOURS = {
    dpg.mvThemeCol_Text: style.TEXT,
    dpg.mvThemeCol_TextDisabled: style.MUTED,
    dpg.mvThemeCol_WindowBg: style.BACKGROUND,
    dpg.mvThemeCol_ChildBg: style.PANEL,
    dpg.mvThemeCol_PopupBg: style.RAISED,
    dpg.mvThemeCol_Border: style.BORDER,
    dpg.mvThemeCol_FrameBg: style.hexed("#1d2128"),
    dpg.mvThemeCol_FrameBgHovered: style.hexed("#262b34"),
    dpg.mvThemeCol_FrameBgActive: style.hexed("#2b313b"),
    dpg.mvThemeCol_TitleBg: style.PANEL,
    dpg.mvThemeCol_TitleBgActive: style.RAISED,
    dpg.mvThemeCol_ScrollbarBg: (0, 0, 0, 0),
    dpg.mvThemeCol_ScrollbarGrab: style.BORDER,
    dpg.mvThemeCol_ScrollbarGrabHovered: style.hexed("#4a5160"),
    dpg.mvThemeCol_ScrollbarGrabActive: style.hexed("#5a6272"),
    dpg.mvThemeCol_CheckMark: style.ACCENT,
    dpg.mvThemeCol_SliderGrab: style.ACCENT,
    dpg.mvThemeCol_Button: style.hexed("#343a46"),
    dpg.mvThemeCol_ButtonHovered: style.hexed("#404857"),
    dpg.mvThemeCol_ButtonActive: style.hexed("#4b5567"),
    dpg.mvThemeCol_Header: style.hexed("#343b48"),
    dpg.mvThemeCol_HeaderHovered: style.hexed("#3b4352"),
    dpg.mvThemeCol_HeaderActive: style.hexed("#444e60"),
    dpg.mvThemeCol_Separator: style.BORDER,
    dpg.mvThemeCol_Tab: style.PANEL,
    dpg.mvThemeCol_TabHovered: style.hexed("#3b4352"),
    dpg.mvThemeCol_TabActive: style.hexed("#343b48"),
    dpg.mvThemeCol_TextSelectedBg: style.faded(style.ACCENT, 90),
    dpg.mvThemeCol_NavHighlight: style.ACCENT,
    dpg.mvThemeCol_ModalWindowDimBg: (10, 12, 15, 150),
    dpg.mvThemeCol_TableHeaderBg: style.PANEL,
    dpg.mvThemeCol_TableRowBg: (0, 0, 0, 0),
    dpg.mvThemeCol_PlotHistogram: style.ACCENT,
}
_STYLES = {
    dpg.mvStyleVar_WindowPadding: (12, 10),
    dpg.mvStyleVar_FramePadding: (8, 5),
    dpg.mvStyleVar_ItemSpacing: (8, 6),
    dpg.mvStyleVar_ItemInnerSpacing: (6, 4),
    dpg.mvStyleVar_FrameRounding: (5, 5),
    dpg.mvStyleVar_ChildRounding: (0, 0),
    dpg.mvStyleVar_WindowRounding: (8, 8),
    dpg.mvStyleVar_PopupRounding: (6, 6),
    dpg.mvStyleVar_ScrollbarRounding: (6, 6),
    dpg.mvStyleVar_ScrollbarSize: (12, 12),
    dpg.mvStyleVar_GrabRounding: (4, 4),
    dpg.mvStyleVar_TabRounding: (5, 5),
    dpg.mvStyleVar_ChildBorderSize: (0, 0),
    dpg.mvStyleVar_WindowBorderSize: (1, 1),
    dpg.mvStyleVar_PopupBorderSize: (1, 1),
}
