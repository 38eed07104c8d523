import { describe, expect, it } from "vitest";
import { markSecret } from "../core/redact.js";
import { makeTerminal, type TerminalOptions, visible } from "./terminal.js";

function captured(options: Partial<TerminalOptions> = {}) {
  const text = { out: "", err: "" };
  const stdout = { write: (part: string) => (text.out += part) };
  const stderr = { write: (part: string) => (text.err += part) };
  const terminal = makeTerminal({
    stdout,
    stderr,
    quiet: false,
    verbose: false,
    logJson: false,
    now: () => 1_790_000_000_000,
    ...options,
  });
  return { text, terminal };
}

describe("makeTerminal", () => {
  it("keeps results on stdout and messages on stderr", () => {
    const { text, terminal } = captured();
    terminal.out("result");
    terminal.log.info("working", { files: 3, name: "a b" });
    terminal.log.warn("odd");
    terminal.log.debug("hidden without --verbose");
    expect(text).toEqual({ out: "result\n", err: "working files=3 name=a b\nwarning: odd\n" });
  });

  it("shows a text in the place of the one before on a terminal, and below it elsewhere", () => {
    const text: string[] = [];
    const stdout = { write: (part: string) => text.push(part), isTTY: true, columns: 10 };
    const { terminal } = captured({ stdout });
    terminal.show("first\n0123456789abc");
    terminal.show("second");
    terminal.out("last");
    terminal.out("below");
    // ECMA-48: cursor to the beginning of the line so many up, erase to the end of the screen
    expect(text).toEqual(["first\n0123456789abc\n", "\u001b[3F\u001b[Jsecond\n", "\u001b[1F\u001b[Jlast\n", "below\n"]);
    const file = captured();
    file.terminal.show("first");
    file.terminal.out("last");
    expect(file.text.out).toBe("first\nlast\n");
  });

  it("is quiet but for warnings and errors", () => {
    const { text, terminal } = captured({ quiet: true, verbose: true });
    terminal.log.info("no");
    terminal.log.debug("no");
    terminal.log.warn("yes");
    terminal.error({ code: "USAGE", message: "yes" });
    expect(text.err).toBe("warning: yes\nerror[USAGE]: yes\n");
  });

  it("writes an error as three lines whatever is in its names, and the stack only with --verbose", () => {
    const record = { code: "STORE_ABSENT", message: "a\nb\u001b[2J is absent", file: "x\ny", hint: "look" } as const;
    const plain = captured();
    plain.terminal.error(record, "at somewhere");
    expect(plain.text.err).toBe("error[STORE_ABSENT]: a\\nb\\u001b[2J is absent\n  at x\\ny\n  hint: look\n");
    const verbose = captured({ verbose: true });
    verbose.terminal.error(record, "at somewhere");
    expect(verbose.text.err).toMatch(/hint: look\nat somewhere\n$/);
  });

  it("makes every line of stderr JSON with --log-json", () => {
    const { text, terminal } = captured({ logJson: true, verbose: true });
    terminal.log.info("working", { files: 3 });
    terminal.error({ code: "USAGE", message: "wrong", hint: "x" }, "stack");
    const time = "2026-09-21T14:13:20.000Z";
    expect(
      text.err
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { time, level: "info", message: "working", files: 3 },
      { time, level: "error", message: "wrong", code: "USAGE", hint: "x", stack: "stack" },
    ]);
  });

  it("cuts secrets out of everything", () => {
    markSecret("canary-4711");
    const { text, terminal } = captured({ verbose: true });
    terminal.out("canary-4711");
    terminal.outJson({ url: "https://me:canary-4711@host" });
    terminal.log.debug("canary-4711", { key: "canary-4711" });
    terminal.error({ code: "INTERNAL", message: "canary-4711", file: "canary-4711" }, "canary-4711");
    expect(text.out + text.err).not.toContain("4711");
  });

  it("lets the progress line step aside for a message", () => {
    const order: string[] = [];
    const around = { before: () => order.push("before"), after: () => order.push("after") };
    const { terminal } = captured({ stderr: { write: () => order.push("line") }, around });
    terminal.log.info("x");
    expect(order).toEqual(["before", "line", "after"]);
  });
});

describe("visible", () => {
  it("shows control characters and direction marks of hostile names, and leaves other text alone", () => {
    expect(visible("a\u001b]0;x\u0007\u202eb\u0085")).toBe("a\\u001b]0;x\\u0007\\u202eb\\u0085");
    expect(visible("tab\tline\nÅ 日本 😀")).toBe("tab\tline\nÅ 日本 😀");
  });
});
