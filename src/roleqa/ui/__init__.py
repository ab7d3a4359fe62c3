"""The chat in the browser: types become escaped HTML, clicks become calls on the assistant."""

import os

# Gradio looks here whenever it could report home; set before any module of this package can import it.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Gradio asks matplotlib for its backend where it is installed; told, matplotlib need not try them all for a second.
os.environ.setdefault("MPLBACKEND", "agg")
