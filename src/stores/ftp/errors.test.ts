import { describe, expect, it } from "vitest";
import { passivePort, replyError, sizeIn, timeIn } from "./errors.js";

const reply = (message: string) => ({ code: Number(message.slice(0, 3)), message });

describe("replies of FTP", () => {
  it.each([
    ["229 Entering Extended Passive Mode (|||6446|)", 6446],
    ["229 Extended Passive mode OK (|||65535|)", 65535],
    ["229 ok (!!!1!)", 1],
    ["229 ok (|||0|)", undefined],
    ["229 ok (|||65536|)", undefined],
    ["229 ok (|1|127.0.0.1|6446|)", undefined],
    ["227 Entering Passive Mode (127,0,0,1,25,46).", 25 * 256 + 46],
    ["227 Entering Passive Mode 10,1,2,3,0,21", 21],
    ["227 Entering Passive Mode (127,0,0,1,0,0)", undefined],
    ["227 Entering Passive Mode (127,0,0,1,256,1)", undefined],
    ["227 no numbers", undefined],
    ["500 What?", undefined],
  ])("port of %s", (message, port) => expect(passivePort(reply(message))).toBe(port));

  it.each([
    ["213 5030", 5030],
    ["213  5030 ", 5030],
    ["213 -1", undefined],
    ["213 12 34", undefined],
    ["213 99999999999999999", undefined],
    ["550 No such file", undefined],
  ])("size in %s", (message, size) => expect(sizeIn(reply(message))).toBe(size));

  it.each([
    ["20240115120000", Date.UTC(2024, 0, 15, 12)],
    ["20240115120000.999", Date.UTC(2024, 0, 15, 12)],
    ["19100101000000", Date.UTC(1910, 0, 1)],
    ["2024011512", undefined],
    ["", undefined],
  ])("time in %j", (text, ms) => expect(timeIn(text)?.ms).toBe(ms));

  it.each([
    [421, "STORE_UNAVAILABLE", "later"],
    [425, "STORE_UNAVAILABLE", "later"],
    [426, "STORE_UNAVAILABLE", "later"],
    [450, "STORE_UNAVAILABLE", "later"],
    [451, "STORE_UNAVAILABLE", "later"],
    [430, "STORE_DENIED", undefined],
    [530, "STORE_DENIED", undefined],
    [550, "STORE_DENIED", undefined],
    [332, "STORE_DENIED", undefined],
    [500, "STORE_FAILED", undefined],
    [552, "STORE_FAILED", undefined],
  ])("%i is %s", (code, wanted, retry) => {
    const error = replyError({ code, message: `${code} words say 425, 530 and 550` }, "ftp://h/x");
    expect([error.code, error.facts.retry]).toEqual([wanted, retry]);
  });
});
