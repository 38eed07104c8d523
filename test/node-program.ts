/**
 * The start of a person's program of a graph in plain Node, with nothing of ours: frames as the README of `src/stations/blocks/stream` has them. What follows
 * says hello, and has an `answer` that gets each batch.
 */
export const NODE_PROGRAM = `
const socket = new (require("net").Socket)({ fd: 3 });
const KINDS = { hello: 1, request: 2, batch: 3, release: 4, end: 5, error: 6, result: 7 };
const send = (kind, head, payload = Buffer.alloc(0)) => {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32LE(text.length);
  prefix[4] = KINDS[kind];
  socket.write(Buffer.concat([prefix, text, payload]));
};
let held = Buffer.alloc(0);
socket.on("data", (piece) => {
  held = Buffer.concat([held, piece]);
  for (;;) {
    if (held.length < 5) return;
    const end = 5 + held.readUInt32LE(0);
    const head = held.length < end ? undefined : JSON.parse(held.subarray(5, end));
    if (!head || held.length < end + (head.bytes ?? 0)) return;
    const kind = Object.keys(KINDS)[held[4] - 1];
    const payload = Buffer.from(held.subarray(end, end + (head.bytes ?? 0)));
    held = held.subarray(end + (head.bytes ?? 0));
    if (kind === "hello") greeted(head);
    if (kind === "batch") answer(head, payload);
    if (kind === "end") process.exit(0);
  }
});
let greeted = () => send("request", { credits: 1 });
const result = (payload, more = {}) => send("result", { dtype: "uint8", shape: [1, payload.length], bytes: payload.length, ...more }, payload);
`;
