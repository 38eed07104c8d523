import { counted } from "../../core/units.js";
import { PickleCall, PickleGlobal, type PickleValue, pickleError } from "./values.js";

/**
 * The value of a Python pickle, protocols 3 to 5, in which only `globals` may be named. It is read as data: a class is a name, an
 * object a note of how Python would make it, and nothing is called, imported or made.
 *
 * Format: `pickletools.py` of Python 3.13.
 *
 * @param globals full names: `numpy.dtype`
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for any other global and opcode, FORMAT_TRUNCATED, FORMAT_FIELD with the byte,
 *   FORMAT_LIMIT past 8 million steps, FORMAT_UNKNOWN for what does not begin as a pickle
 */
export function unpickle(bytes: Uint8Array, file: string, globals: ReadonlySet<string>): PickleValue {
  if (bytes[0] !== PROTO || bytes[1]! < 3 || bytes[1]! > 5) {
    const message = "not a pickle of protocol 3 to 5, as pandas writes it";
    throw pickleError(file, "FORMAT_UNKNOWN", message, 0, "check the file's format");
  }
  const machine = new Machine(new Arguments(bytes, file), globals);
  for (let steps = 0; !machine.stopped; steps++) {
    if (steps > STEPS_MAX) throw machine.input.fault("FORMAT_LIMIT", `more than ${STEPS_MAX} steps`, "split the table");
    machine.step();
  }
  return machine.result!;
}

const PROTO = 0x80;
const STEPS_MAX = 8_000_000;
const DAMAGED = "copy the file again, or save it again with pandas";

/** Marks a place on the stack. */
const MARK = Symbol("mark");
type Slot = PickleValue | typeof MARK;

/** Reads the arguments of opcodes. */
class Arguments {
  readonly #view: DataView;
  #at = 0;
  #opcodeAt = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly file: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fault(code: Parameters<typeof pickleError>[1], found: string, hint = DAMAGED) {
    return pickleError(this.file, code, `${found} at byte ${this.#opcodeAt}`, this.#opcodeAt, hint);
  }

  opcode(): number {
    this.#opcodeAt = this.#at;
    return this.unsigned(1);
  }

  #take(length: number): number {
    const start = this.#at;
    if (!(length <= this.bytes.length - start)) throw this.fault("FORMAT_TRUNCATED", `the file ends within a value that begins`);
    this.#at += length;
    return start;
  }

  unsigned(length: 1 | 2 | 4 | 8): number {
    const at = this.#take(length);
    if (length === 1) return this.bytes[at]!;
    if (length === 2) return this.#view.getUint16(at, true);
    if (length === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A whole number of any length: past what a float64 counts exactly it is none that a table needs. */
  long(length: number): number {
    if (length > 8) throw this.fault("FORMAT_UNSUPPORTED", `a whole number of ${counted(length, "byte")}`);
    const at = this.#take(length);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.bytes[at + i]!) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  }

  piece(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  text(length: number): string {
    return UTF8.decode(this.piece(length));
  }

  line(): string {
    const end = this.bytes.indexOf(LINE_END, this.#at);
    if (end < 0) throw this.fault("FORMAT_TRUNCATED", "the file ends within a name that begins");
    const text = this.text(end - this.#at);
    this.#at++;
    return text;
  }
}

class Machine {
  stopped = false;
  result: PickleValue | undefined;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(
    readonly input: Arguments,
    readonly globals: ReadonlySet<string>,
  ) {}

  step(): void {
    const opcode = this.input.opcode();
    const action = ACTIONS[opcode];
    if (!action) {
      const hint = "save the picks as .star, .cbox or .coords: only tables of pandas are read from pickles";
      const message = `opcode 0x${opcode.toString(16).padStart(2, "0")} of a pickle, which no table needs,`;
      throw this.input.fault("FORMAT_UNSUPPORTED", message, hint);
    }
    action(this);
  }

  push(value: Slot): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.input.fault("FORMAT_FIELD", "a value is missing for the opcode");
    return value;
  }

  /** Takes off all above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.input.fault("FORMAT_FIELD", "a mark is missing for the opcode");
    const values = this.#stack.splice(mark + 1) as PickleValue[];
    this.#stack.pop();
    return values;
  }

  popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  names(count: number): string[] {
    return this.popMany(count).map((name) => {
      if (typeof name !== "string") throw this.input.fault("FORMAT_FIELD", "a name that is not text");
      return name;
    });
  }

  get top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  memoise(at: number): void {
    this.#memo.set(at, this.top);
  }

  get memoSize(): number {
    return this.#memo.size;
  }

  recall(at: number): void {
    const value = this.#memo.get(at);
    if (value === undefined) throw this.input.fault("FORMAT_FIELD", `value ${at} is used before it is there`);
    this.push(value);
  }

  stop(): void {
    this.result = this.pop();
    this.stopped = true;
  }
}

function pushGlobal(m: Machine, name: string): void {
  if (!m.globals.has(name)) {
    const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
    const hint = "save the picks as .star, .cbox or .coords: a pickle with more than a plain table is refused";
    throw m.input.fault("FORMAT_UNSUPPORTED", `the pickle names ${shown}`, hint);
  }
  m.push(new PickleGlobal(name));
}

function call(m: Machine): void {
  const args = m.pop();
  const global = m.pop();
  if (!(global instanceof PickleGlobal) || !Array.isArray(args))
    throw m.input.fault("FORMAT_FIELD", "a call of what is not a class");
  m.push(new PickleCall(global, args));
}

function build(m: Machine): void {
  const state = m.pop();
  const object = m.top;
  if (!(object instanceof PickleCall)) throw m.input.fault("FORMAT_FIELD", "the state of what is not an object");
  object.state = state;
}

function append(m: Machine, items: PickleValue[]): void {
  const list = m.top;
  if (!Array.isArray(list)) throw m.input.fault("FORMAT_FIELD", "an item for what is not a list");
  for (const item of items) list.push(item);
}

function set(m: Machine, items: PickleValue[]): void {
  const dict = m.top;
  if (!(dict instanceof Map) || items.length % 2 === 1)
    throw m.input.fault("FORMAT_FIELD", "an entry for what is not a dictionary");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

const LINE_END = 0x0a;
const UTF8 = new TextDecoder();

/** By opcode. What is absent is refused: text protocols, persistent ids, instances, extensions, buffers out of band. */
const ACTIONS: Readonly<Record<number, (machine: Machine) => void>> = {
  [PROTO]: (m) => void m.input.unsigned(1),
  // FRAME: how many bytes follow, which nothing here needs to know
  149: (m) => void m.input.unsigned(8),
  [code(".")]: (m) => m.stop(),
  [code("(")]: (m) => m.push(MARK),
  [code("0")]: (m) => void m.pop(),
  [code("1")]: (m) => void m.popToMark(),
  [code("N")]: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  [code("J")]: (m) => m.push(m.input.int32()),
  [code("K")]: (m) => m.push(m.input.unsigned(1)),
  [code("M")]: (m) => m.push(m.input.unsigned(2)),
  138: (m) => m.push(m.input.long(m.input.unsigned(1))),
  [code("G")]: (m) => m.push(m.input.float64()),
  140: (m) => m.push(m.input.text(m.input.unsigned(1))),
  [code("X")]: (m) => m.push(m.input.text(m.input.unsigned(4))),
  141: (m) => m.push(m.input.text(m.input.unsigned(8))),
  [code("C")]: (m) => m.push(m.input.piece(m.input.unsigned(1))),
  [code("B")]: (m) => m.push(m.input.piece(m.input.unsigned(4))),
  142: (m) => m.push(m.input.piece(m.input.unsigned(8))),
  150: (m) => m.push(m.input.piece(m.input.unsigned(8))),
  [code(")")]: (m) => m.push([]),
  [code("t")]: (m) => m.push(m.popToMark()),
  133: (m) => m.push(m.popMany(1)),
  134: (m) => m.push(m.popMany(2)),
  135: (m) => m.push(m.popMany(3)),
  [code("]")]: (m) => m.push([]),
  [code("a")]: (m) => append(m, [m.pop()]),
  [code("e")]: (m) => append(m, m.popToMark()),
  [code("}")]: (m) => m.push(new Map()),
  [code("s")]: (m) => set(m, m.popMany(2)),
  [code("u")]: (m) => set(m, m.popToMark()),
  [code("q")]: (m) => m.memoise(m.input.unsigned(1)),
  [code("r")]: (m) => m.memoise(m.input.unsigned(4)),
  148: (m) => m.memoise(m.memoSize),
  [code("h")]: (m) => m.recall(m.input.unsigned(1)),
  [code("j")]: (m) => m.recall(m.input.unsigned(4)),
  [code("c")]: (m) => pushGlobal(m, `${m.input.line()}.${m.input.line()}`),
  147: (m) => pushGlobal(m, m.names(2).join(".")),
  [code("R")]: call,
  129: call,
  [code("b")]: build,
};

function code(letter: string): number {
  return letter.charCodeAt(0);
}
