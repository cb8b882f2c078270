"""What visitors see. Only these rooms and app.py know gradio; the network and the photo's handling live in inpaint."""
