"""The chat in the browser: types become escaped HTML, clicks become calls on the assistant."""

import os

# Gradio looks here whenever it could report home; set before any module of this package can import it.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# Gradio asks matplotlib for its backend where it is installed; told, matplotlib need not try them all for a second.
os.environ.setdefault("MPLBACKEND", "agg")
# Gradio sums up its last 10,000 events after each, for a dashboard that is switched off here.
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**12)
