"""How the monitor looks: one style sheet, fonts, and pyqtgraph's defaults."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from app.monitor.data import colours

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FONTS = ASSETS / "fonts"
ICON = ASSETS / "icons" / "patchbay.png"
FAMILY = "Patchbay"
STRONG = "SemiBold"

SHEET = f"""
* {{ color: {colours.TEXT}; }}
QMainWindow, QWidget#board, QScrollArea {{ background: {colours.BACKGROUND}; border: none; }}
QWidget#panel, QWidget#card, QWidget#controls {{ background: {colours.PANEL}; }}
QWidget#card {{ border: 1px solid {colours.LINE}; border-radius: 6px; }}
QLabel#heading, QLabel#muted {{ color: {colours.MUTED}; }}
QLabel#empty {{ color: {colours.MUTED}; font-size: 15px; }}
QLabel#readout {{ background: rgba(44, 49, 59, 240); border: 1px solid {colours.LINE};
    border-radius: 4px; padding: 5px 8px; }}
QToolTip {{ background: {colours.RAISED}; border: 1px solid {colours.LINE}; padding: 4px; }}
QPushButton, QToolButton {{ background: {colours.RAISED}; border: 1px solid {colours.LINE};
    border-radius: 4px; padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {colours.ACCENT}; }}
QPushButton:checked {{ background: {colours.ACCENT}; color: {colours.BACKGROUND};
    border-color: {colours.ACCENT}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {colours.MUTED};
    background: {colours.PANEL}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {colours.ACCENT}; }}
QPushButton::menu-indicator, QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton#quiet {{ background: transparent; border-color: transparent; padding: 2px 6px;
    color: {colours.MUTED}; }}
QToolButton#quiet:hover {{ color: {colours.TEXT}; border-color: {colours.LINE}; }}
QMenu {{ background: {colours.RAISED}; border: 1px solid {colours.LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 18px; border-radius: 3px; }}
QMenu::item:selected {{ background: {colours.ACCENT}; color: {colours.BACKGROUND}; }}
QListView, QTableWidget {{ background: {colours.PANEL}; border: none; outline: none;
    gridline-color: {colours.LINE}; }}
QTableWidget::item {{ padding: 2px 8px; }}
QHeaderView {{ background: {colours.PANEL}; border: none; }}
QHeaderView::section {{ background: {colours.PANEL}; color: {colours.MUTED};
    border: none; padding: 0 8px; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QTableCornerButton::section {{ background: {colours.PANEL}; border: none; }}
QSplitter::handle {{ background: {colours.BACKGROUND}; }}
QSlider::groove:horizontal {{ height: 4px; background: {colours.LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {colours.ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {colours.TEXT}; width: 12px; height: 12px; margin: -4px 0;
    border-radius: 6px; }}
QScrollBar {{ background: transparent; width: 10px; height: 10px; }}
QScrollBar::handle {{ background: {colours.LINE}; border-radius: 4px;
    min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {colours.MUTED}; padding: 5px 14px;
    border-bottom: 2px solid transparent; margin-bottom: 6px; }}
QTabBar::tab:selected {{ color: {colours.TEXT}; border-bottom-color: {colours.ACCENT}; }}
QTabBar::tab:hover {{ color: {colours.TEXT}; }}
QPlainTextEdit#text {{ background: {colours.PANEL}; border: none; padding: 4px 10px;
    font-family: "JetBrains Mono"; }}
QFrame#message {{ background: {colours.RAISED}; border-radius: 4px; }}
"""


def apply(app: QApplication) -> None:
    """Gives the whole program its fonts and colours. Calling it twice changes nothing."""
    app.setStyle("Fusion")
    app.setWindowIcon(QIcon(str(ICON)))
    app.setPalette(_palette())
    _load_fonts()
    app.setFont(font())
    app.setStyleSheet(SHEET)
    pyqtgraph.setConfigOptions(antialias=True, background=colours.PANEL, foreground=colours.MUTED)


def _palette() -> QPalette:
    roles = QPalette.ColorRole
    made = QPalette()
    for role in (roles.Window, roles.Base, roles.AlternateBase):
        made.setColor(role, QColor(colours.PANEL))
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.ToolTipText):
        made.setColor(role, QColor(colours.TEXT))
    for role in (roles.Button, roles.ToolTipBase):
        made.setColor(role, QColor(colours.RAISED))
    made.setColor(roles.Highlight, QColor(colours.ACCENT))
    made.setColor(roles.HighlightedText, QColor(colours.BACKGROUND))
    made.setColor(roles.PlaceholderText, QColor(colours.MUTED))
    return made


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
