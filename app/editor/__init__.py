"""The editor: a window in which a document is drawn, checked, trained and exported. Dear PyGui
lives here alone. Its rooms import one way: window, inspector, panels, commands, canvas, session,
theme.
"""
