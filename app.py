"""Every door of Envoi on one page: HTTP, the clock, the queues and the feedback topic."""

from chalice.app import Chalice

from chalicelib.routes import health
from chalicelib.routes.blueprint import around_every_call

app = Chalice(app_name="envoi", configure_logs=False)
app.register_middleware(around_every_call, "http")
for module in (health,):
    app.register_blueprint(module.blueprint)
