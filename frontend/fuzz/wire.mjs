// A WebSocket on Node alone: text frames out and in, and a way to cut the cable.
// Called by person.mjs. It never reconnects: that is up to the caller.

import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A frame of a client: whole, and masked. */
function encode(opcode, payload) {
  const size = payload.length;
  const long = size > 65_535;
  const head = Buffer.alloc(size < 126 ? 2 : long ? 10 : 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (size < 126 ? size : long ? 127 : 126);
  if (long) head.writeBigUInt64BE(BigInt(size), 2);
  else if (size > 125) head.writeUInt16BE(size, 2);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index & 3])]);
}

/** The first frame of what has come, and how many bytes it takes; null while it is not all there. */
function decode(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return null;
  const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < start + size) return null;
  return { opcode: bytes[0] & 0x0f, last: bytes[0] >> 7, payload: bytes.subarray(start, start + size), taken: start + size };
}

export class Wire {
  #socket;
  #bytes;
  #parts = [];

  constructor(socket, head, onText, onEnd) {
    this.#socket = socket;
    this.#bytes = head;
    this.onText = onText;
    this.onEnd = onEnd;
    socket.on("error", () => socket.destroy());
  }

  /** From here on frames are handed out: the server says its first words at once. */
  begin() {
    if (this.#socket.destroyed) return this.onEnd();
    this.#socket.on("data", (some) => this.#read(some));
    this.#socket.on("close", this.onEnd);
    this.#read(Buffer.alloc(0));
  }

  send(text) {
    if (!this.#socket.destroyed) this.#socket.write(encode(TEXT, Buffer.from(text)));
  }

  /** The network goes away, whatever is on its way. */
  cut() {
    this.#socket.destroy();
  }

  #read(some) {
    this.#bytes = Buffer.concat([this.#bytes, some]);
    for (let frame = decode(this.#bytes); frame !== null; frame = decode(this.#bytes)) {
      this.#bytes = this.#bytes.subarray(frame.taken);
      this.#take(frame);
    }
  }

  #take({ opcode, last, payload }) {
    if (opcode === CLOSE) return this.cut();
    if (opcode === PING) return void this.#socket.write(encode(PONG, payload));
    if (opcode === PONG) return;
    this.#parts.push(payload);
    if (!last) return;
    const text = Buffer.concat(this.#parts).toString();
    this.#parts = [];
    this.onText(text);
  }
}

/** A socket to the site, with the cookie of a session; it fails when the site is down. */
export function connect(url, path, cookie, onText, onEnd) {
  const key = randomBytes(16).toString("base64");
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key };
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { headers: { ...upgrade, Origin: url, Cookie: cookie }, timeout: 5_000 });
    asked.on("upgrade", (answer, socket, head) => {
      const proof = createHash("sha1").update(key + KEY_SUFFIX).digest("base64");
      if (answer.headers["sec-websocket-accept"] !== proof) return reject(new Error("not a WebSocket"));
      resolve(new Wire(socket, head, onText, onEnd));
    });
    asked.on("response", (answer) => {
      answer.resume();
      reject(new Error(`answered ${answer.statusCode}`));
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end();
  });
}
