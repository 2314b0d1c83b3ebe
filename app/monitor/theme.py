"""How the monitor looks: one style sheet, fonts, and pyqtgraph's defaults."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from app.monitor import palette

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FONTS = ASSETS / "fonts"
ICON = ASSETS / "icons" / "patchbay.png"
FAMILY = "Patchbay"
STRONG = "SemiBold"

SHEET = f"""
* {{ color: {palette.TEXT}; }}
QMainWindow, QWidget#board, QScrollArea {{ background: {palette.BACKGROUND}; border: none; }}
QWidget#panel, QWidget#card, QWidget#controls {{ background: {palette.PANEL}; }}
QWidget#card {{ border: 1px solid {palette.LINE}; border-radius: 6px; }}
QLabel#heading, QLabel#muted {{ color: {palette.MUTED}; }}
QLabel#empty {{ color: {palette.MUTED}; font-size: 15px; }}
QLabel#readout {{ background: rgba(44, 49, 59, 240); border: 1px solid {palette.LINE};
    border-radius: 4px; padding: 5px 8px; }}
QToolTip {{ background: {palette.RAISED}; border: 1px solid {palette.LINE}; padding: 4px; }}
QPushButton, QToolButton {{ background: {palette.RAISED}; border: 1px solid {palette.LINE};
    border-radius: 4px; padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {palette.ACCENT}; }}
QPushButton:checked {{ background: {palette.ACCENT}; color: {palette.BACKGROUND};
    border-color: {palette.ACCENT}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {palette.MUTED};
    background: {palette.PANEL}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {palette.ACCENT}; }}
QPushButton::menu-indicator, QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton#quiet {{ background: transparent; border-color: transparent; padding: 2px 6px;
    color: {palette.MUTED}; }}
QToolButton#quiet:hover {{ color: {palette.TEXT}; border-color: {palette.LINE}; }}
QMenu {{ background: {palette.RAISED}; border: 1px solid {palette.LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 18px; border-radius: 3px; }}
QMenu::item:selected {{ background: {palette.ACCENT}; color: {palette.BACKGROUND}; }}
QListView, QTableWidget {{ background: {palette.PANEL}; border: none; outline: none;
    gridline-color: {palette.LINE}; }}
QTableWidget::item {{ padding: 2px 8px; }}
QHeaderView {{ background: {palette.PANEL}; border: none; }}
QHeaderView::section {{ background: {palette.PANEL}; color: {palette.MUTED};
    border: none; padding: 0 8px; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QTableCornerButton::section {{ background: {palette.PANEL}; border: none; }}
QSplitter::handle {{ background: {palette.BACKGROUND}; }}
QSlider::groove:horizontal {{ height: 4px; background: {palette.LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {palette.ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {palette.TEXT}; width: 12px; height: 12px; margin: -4px 0;
    border-radius: 6px; }}
QScrollBar {{ background: transparent; width: 10px; height: 10px; }}
QScrollBar::handle {{ background: {palette.LINE}; border-radius: 4px;
    min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {palette.MUTED}; padding: 5px 14px;
    border-bottom: 2px solid transparent; margin-bottom: 6px; }}
QTabBar::tab:selected {{ color: {palette.TEXT}; border-bottom-color: {palette.ACCENT}; }}
QTabBar::tab:hover {{ color: {palette.TEXT}; }}
QPlainTextEdit#text {{ background: {palette.PANEL}; border: none; padding: 4px 10px;
    font-family: "JetBrains Mono"; }}
QFrame#message {{ background: {palette.RAISED}; border-radius: 4px; }}
"""


def apply(app: QApplication) -> None:
    """Gives the whole program its fonts and colours. Calling it twice changes nothing."""
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(ICON)))
    app.setPalette(_palette())
    _load_fonts()
    app.setFont(font())
    app.setStyleSheet(SHEET)
    pyqtgraph.setConfigOptions(antialias=True, background=palette.PANEL, foreground=palette.MUTED)


def _palette() -> QPalette:
    roles = QPalette.ColorRole
    colours = QPalette()
    for role in (roles.Window, roles.Base, roles.AlternateBase):
        colours.setColor(role, QColor(palette.PANEL))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText):
        colours.setColor(role, QColor(palette.TEXT))
    for role in (roles.Button, roles.ToolTipBase):
        colours.setColor(role, QColor(palette.RAISED))
    colours.setColor(roles.Highlight, QColor(palette.ACCENT))
    colours.setColor(roles.HighlightedText, QColor(palette.BACKGROUND))
    colours.setColor(roles.PlaceholderText, QColor(palette.MUTED))
    return colours


def _load_fonts() -> None:
    for path in sorted(FONTS.glob("*.[to]tf")):
        QFontDatabase.addApplicationFont(str(path))


def font(size: int = 13, strong: bool = False) -> QFont:
    """Our own font where it was loaded, else the system's. The size is in pixels."""
    made = QFont(FAMILY) if FAMILY in QFontDatabase.families() else QFont()
    made.setPixelSize(size)
    if strong:
        made.setWeight(QFont.Weight.DemiBold)
        made.setStyleName(STRONG)
    return made
