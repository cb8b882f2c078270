// Presence: says now and then that the page is still open. Gradio's connection for this is not restored once it is lost,
// as when a phone has slept; without either of them the server closes the photo within a minute.
const EVERY_MS = 15000;

export function keepVisit(server, transport) {
  setInterval(() => transport.visit && server.keep_visit({ visit: transport.visit }), EVERY_MS);
}
