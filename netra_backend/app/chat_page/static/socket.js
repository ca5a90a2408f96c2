// One WebSocket at a time: opened, listened to, kept alive, dropped. What it means that it closed
// is decided in connection.js; what the frames say, in conversation.js.

const SUBPROTOCOL = "netra.chat.v1";
const ANSWER_SECONDS = 10;
const OPEN_SECONDS = 15;
const LOST = 1006;

export class ChatSocket {
  #listener;
  #socket = null;
  #beat = null;
  #patience = null;

  // `listener` has opened(), frame(frame) and closed({code, reason}).
  constructor(listener) {
    this.#listener = listener;
  }

  open(token) {
    this.close();
    const url = new URL("/ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, [SUBPROTOCOL, `bearer.${token}`]);
    this.#socket = socket;
    this.#expect(OPEN_SECONDS);
    const ifCurrent = (act) => (happened) => {
      if (this.#socket === socket) {
        act(happened);
      }
    };
    socket.onopen = ifCurrent(() => {
      this.#stopWaiting();
      this.#listener.opened();
    });
    socket.onmessage = ifCurrent(({ data }) => {
      this.#stopWaiting();
      this.#listener.frame(JSON.parse(data));
    });
    socket.onclose = ifCurrent(({ code, reason }) => this.#lost(code, reason));
  }

  // Say something every so often, as the backend asked, and expect an answer.
  keepAlive(seconds) {
    clearInterval(this.#beat);
    this.#beat = setInterval(() => {
      this.send({ type: "ping", nonce: "" });
      this.#expect(ANSWER_SECONDS);
    }, 1000 * seconds);
  }

  send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(frame));
    }
  }

  close() {
    const socket = this.#socket;
    this.#socket = null;
    clearInterval(this.#beat);
    this.#stopWaiting();
    socket?.close(1000);
  }

  #expect(seconds) {
    this.#patience ??= setTimeout(() => this.#lost(LOST, "no answer"), 1000 * seconds);
  }

  #stopWaiting() {
    clearTimeout(this.#patience);
    this.#patience = null;
  }

  // A dead network does not close a socket for minutes, so it is let go at once.
  #lost(code, reason) {
    this.close();
    this.#listener.closed({ code, reason });
  }
}
