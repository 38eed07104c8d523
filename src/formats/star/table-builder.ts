import type { EmporiumError } from "../../core/errors.js";
import { quoted, starError, tooMany } from "./errors.js";
import { LoopRows, Pairs, Rows } from "./rows.js";
import type { StarBatch, StarHeader, StarPick } from "./table.js";
import { tokenise, tokens, UNCLOSED_QUOTE } from "./tokens.js";
import { textOf } from "./values.js";

/** Decides what is read of a table: columns of its rows, nothing (`skip`), or nothing more of the file (`stop`). */
export type PickTable = (table: StarHeader) => StarPick | "skip" | "stop";

const COLUMNS_MAX = 4096;
const PAIRS_BYTES_MAX = 16 * 1024 * 1024;
const UNDERSCORE = 0x5f;

/** Asks for each table if it is wanted. */
export class Picker {
  stopped = false;
  /** First fault of the table so far: thrown if the table is wanted. */
  fault: EmporiumError | undefined;

  constructor(
    readonly name: string,
    private readonly pick: PickTable,
  ) {}

  blame(line: number, message: string): void {
    this.fault ??= starError(this.name, line, message);
  }

  ask(table: StarHeader): StarPick | undefined {
    const answer = this.stopped ? "stop" : this.pick(table);
    const { fault } = this;
    this.fault = undefined;
    if (answer === "stop") this.stopped = true;
    if (typeof answer === "string") return undefined;
    if (fault) throw fault;
    return answer;
  }
}

/** The table that is being read, which the lines of a file add to. */
export class TableBuilder {
  readonly ready: StarBatch[] = [];
  /** The line that is being read. */
  line = 0;
  /** Rows of the loop that is being read, if it was picked. */
  loop: LoopRows | undefined;
  /** `rows`: of a loop that was picked; `skipped`: of one that was not. */
  state: "before" | "block" | "header" | "rows" | "skipped" = "before";
  private block = { name: "", line: 0, empty: true };
  private columns: string[] = [];
  private pairs = new Pairs();
  private readonly names = tokens(COLUMNS_MAX);

  constructor(readonly picker: Picker) {}

  beginBlock(name: string): void {
    this.end();
    this.picker.fault = undefined;
    this.block = { name, line: this.line, empty: true };
    this.state = "block";
  }

  beginLoop(): void {
    this.block.empty = false;
    this.end();
    this.state = "header";
    this.columns = [];
  }

  addColumns(bytes: Uint8Array, from: number, end: number): void {
    const count = tokenise(bytes, from, end, this.names, 0);
    if (count === UNCLOSED_QUOTE) this.picker.blame(this.line, "a quote that is not closed");
    for (let i = 0; i < Math.min(count, COLUMNS_MAX); i++) {
      const [start, stop] = [this.names.starts[i]!, this.names.ends[i]!];
      if (bytes[start] !== UNDERSCORE)
        this.picker.blame(this.line, `${quoted(textOf(bytes, start, stop))} among the column names, which begin with _`);
      this.columns.push(textOf(bytes, start + 1, stop));
    }
    if (this.columns.length > COLUMNS_MAX || count > COLUMNS_MAX)
      throw tooMany(this.picker.name, this.line, `more than ${COLUMNS_MAX} columns`);
  }

  addPair(bytes: Uint8Array, at: number, end: number): void {
    if (this.state !== "block") {
      this.end();
      this.state = "block";
    }
    this.block.empty = false;
    const wrong = this.pairs.addLine(bytes, at, end, this.names, this.line);
    if (wrong !== undefined) this.picker.blame(this.line, wrong);
    if (this.pairs.bytes > PAIRS_BYTES_MAX || this.pairs.names.length > COLUMNS_MAX) {
      throw tooMany(this.picker.name, this.line, "more names and values in one block than are read");
    }
  }

  /** Values in a line of their own. Those of a picked loop go to `loop`. */
  addValues(bytes: Uint8Array, at: number, end: number): void {
    if (this.state === "header") this.beginRows();
    if (this.state === "block") {
      this.picker.blame(
        this.line,
        `${quoted(textOf(bytes, at, Math.min(end, at + 50)).trim())} where a name with _, loop_ or data_ was expected`,
      );
    }
    this.loop?.addLine(bytes, at, end, this.line);
  }

  addText(value: Uint8Array, line: number): void {
    if (this.state === "header") this.beginRows();
    if (this.loop) this.loop.addText(value, line);
    else if (this.state === "block" && !this.pairs.complete(value))
      this.picker.blame(this.line, "a text that belongs to no name");
  }

  /** Ends the rows of the table that is being read, if there is one. */
  end(): void {
    if (this.state === "header") this.beginRows();
    this.loop?.end();
    this.loop = undefined;
    if (this.state === "block" && (this.pairs.names.length > 0 || this.block.empty)) this.endPairs();
  }

  private beginRows(): void {
    if (this.columns.length === 0) this.picker.blame(this.line, "a loop_ without columns: names that begin with _ were expected");
    const table: StarHeader = { name: this.block.name, kind: "loop", columns: this.columns, line: this.block.line };
    const answer = this.picker.ask(table);
    this.state = answer ? "rows" : "skipped";
    this.loop = answer && new LoopRows(this.picker.name, new Rows(this.picker.name, table, answer, this.ready));
  }

  private endPairs(): void {
    const { pairs } = this;
    this.pairs = new Pairs();
    const table: StarHeader = { name: this.block.name, kind: "pairs", columns: pairs.names, line: this.block.line };
    const answer = this.picker.ask(table);
    if (!answer || pairs.names.length === 0) return;
    pairs.addTo(new Rows(this.picker.name, table, answer, this.ready));
  }
}
