import { spaciousBytes } from "../../core/bytes.js";

/** Numbers of a list whose length is not known before its end, 8 or 4 bytes each. */
export class Growing<List extends Float64Array | Uint32Array> {
  length = 0;
  #room: List;

  constructor(private readonly Kind: ListKind<List>) {
    this.#room = roomOf(Kind, 1024);
  }

  push(value: number): void {
    if (this.length === this.#room.length) {
      const room = roomOf(this.Kind, this.length * 2);
      room.set(this.#room);
      this.#room = room;
    }
    this.#room[this.length++] = value;
  }

  /** The numbers so far, in a list of their own. */
  done(): List {
    return this.#room.slice(0, this.length) as List;
  }
}

interface ListKind<List> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset: number, length: number): List;
}

function roomOf<List>(Kind: ListKind<List>, length: number): List {
  return new Kind(spaciousBytes(length * Kind.BYTES_PER_ELEMENT).buffer, 0, length);
}
