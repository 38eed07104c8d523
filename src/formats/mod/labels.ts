import { concat } from "../../core/bytes.js";
import { decodeText } from "./fields.js";
import type { ModLabels } from "./model.js";

/**
 * The body of `LABL` and `OLBL`. A text ends with NUL and fills whole words; if the list is unchanged, the bytes behind NUL stay.
 *
 * @param read the body as it was read
 */
export function encodeLabels(labels: ModLabels, read?: Uint8Array): Uint8Array {
  if (read && isSame(labels, decodeLabels(read))) return read;
  const { name, items } = labels;
  const length = items.reduce((sum, { text }) => sum + 8 + textBytes(text).length, 8 + textBytes(name).length);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  let at = 0;
  const put = (value: number, text: string) => {
    const bytes = textBytes(text);
    view.setInt32(at, value);
    view.setInt32(at + 4, bytes.length);
    out.set(bytes, at + 8);
    at += 8 + bytes.length;
  };
  put(items.length, name);
  for (const { index, text } of items) put(index, text);
  return out;
}

function textBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concat([bytes, new Uint8Array(4 - (bytes.length % 4))]);
}

/** Labels of a chunk's body. It was read whole before, so its counts are right. */
function decodeLabels(body: Uint8Array): ModLabels {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  let at = 0;
  const take = () => {
    const [value, length] = [view.getInt32(at), view.getInt32(at + 4)];
    const text = decodeText(body.subarray(at + 8, at + 8 + length));
    at += 8 + length;
    return { value, text };
  };
  const { value: count, text: name } = take();
  const items = Array.from({ length: count }, () => {
    const { value: index, text } = take();
    return { index, text };
  });
  return { name, items };
}

function isSame(a: ModLabels, b: ModLabels): boolean {
  return (
    a.name === b.name &&
    a.items.length === b.items.length &&
    a.items.every(({ index, text }, at) => index === b.items[at]!.index && text === b.items[at]!.text)
  );
}
