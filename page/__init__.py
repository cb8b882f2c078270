"""The web page: `server` serves requests, `editor` and `retrain` are its two views. Only it and app.py use Gradio."""
