import { createServer } from "node:net";
import { fateTable } from "./fates.mjs";

/**
 * An FTP server on the loopback that gives every command the fate that a table says. Besides the kinds of `fates.mjs` that end or slow a
 * body (`reset`, `fin`, `stall`, `drip`, `replace`) it knows:
 *   reply    answers `code` and does nothing (421 hangs up)
 *   cut      breaks the control connection
 *   mute     answers nothing
 *   trickle  answers a byte every `everyMs`
 *   drop     breaks both connections after `at` bytes
 *   half     ends the data after `at` bytes and answers 226
 *   twice    sends the last reply two times
 *
 * @typedef {import("./ftp.d.mts").FtpFaultOptions} Options
 */

/** @type {import("./ftp.d.mts").startFtpFaultServer} */
export async function startFtpFaultServer(options = {}) {
  const { seed = 1, manners = {} } = options;
  /** @type {Map<string, { bytes: Buffer, modifiedMs: number }>} */
  const files = new Map();
  /** @type {Map<string, string>} */
  const links = new Map();
  /** @type {import("./ftp.d.mts").FtpSeen[]} */
  const commands = [];
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  /** @type {Set<import("node:net").Socket>} */
  const controls = new Set();
  let fateOf = fateTable(options.faults ?? [], seed);
  let open = 0;
  let openMost = 0;
  let logins = 0;
  let dataBytes = 0;

  const server = createServer((control) => {
    sockets.add(control);
    controls.add(control);
    control.setNoDelay(true);
    open++;
    const session = { user: "", loggedIn: false, folder: "/", offset: 0, passive: undefined, data: undefined };
    const say = (text) => control.writable && control.write(`${text}\r\n`, "latin1");
    control.on("error", () => {});
    control.on("close", () => {
      open--;
      controls.delete(control);
      sockets.delete(control);
      session.passive?.close();
    });
    if (open > (manners.connectionsMax ?? Number.POSITIVE_INFINITY)) {
      say("421 Too many connections");
      control.end();
      return;
    }
    openMost = Math.max(openMost, open);
    say("220-Fault server\r\n220 ready");
    let waiting = "";
    let chain = Promise.resolve();
    control.setEncoding("latin1");
    control.on("data", (text) => {
      waiting += text;
      for (let end = waiting.indexOf("\n"); end >= 0; end = waiting.indexOf("\n")) {
        const line = waiting.slice(0, end).replace(/\r$/, "");
        waiting = waiting.slice(end + 1);
        chain = chain.then(() => obey(line, session, say, control)).catch(() => control.destroy());
      }
    });
  });

  async function obey(line, session, sayPlain, control) {
    const [, verb = "", argument = ""] = /^(\S+) ?(.*)$/s.exec(line) ?? [];
    const operation = verb.toUpperCase();
    const path = resolve(session.folder, Buffer.from(argument, "latin1").toString(manners.latin1 ? "latin1" : "utf8"));
    const fate = fateOf({ operation, method: operation, key: path.slice(1) });
    commands.push({ operation, argument, fate: fate?.kind, atMs: performance.now() });
    if (fate?.kind === "cut") return control.destroy();
    if (fate?.kind === "mute") return undefined;
    if (fate?.kind === "reply") {
      sayPlain(`${fate.code} As the table says`);
      if (Number(fate.code) === 421) control.end();
      return undefined;
    }
    if (fate?.kind === "replace") {
      const size = files.get(path.slice(1))?.bytes.length ?? 0;
      putFile(path.slice(1), new Uint8Array(size + (fate.by ?? 0)).fill(commands.length & 255));
    }
    const say = fate?.kind === "trickle" ? (text) => trickle(control, `${text}\r\n`, fate.everyMs ?? 50) : sayPlain;
    const file = () => files.get(real(path));
    if (!session.loggedIn && !["USER", "PASS", "QUIT", "FEAT"].includes(operation)) return say("530 Log in first");
    switch (operation) {
      case "USER":
        session.user = argument;
        return say("331 Password, please");
      case "PASS": {
        const { user = "anonymous", password } = manners.login ?? {};
        if (session.user !== user || (password !== undefined && argument !== password)) return say("530 Login incorrect");
        logins++;
        session.loggedIn = true;
        session.folder = manners.home ?? "/";
        return say("230-Welcome\r\n 226 is not this reply's code\r\n230 Go on");
      }
      case "FEAT": {
        if (manners.features === false) return say("500 What?");
        const lines = [
          ...(manners.extendedPassive === false ? [] : ["EPSV"]),
          "MDTM",
          "SIZE",
          ...(manners.latin1 ? [] : ["UTF8"]),
        ];
        if (manners.restart !== false) lines.push("REST STREAM");
        if (manners.machineListing !== false) lines.push("MLST Type*;Size*;Modify*;");
        return say(`211-Features:\r\n${lines.map((one) => ` ${one}\r\n`).join("")}211 End`);
      }
      case "OPTS":
      case "TYPE":
      case "NOOP":
        return say("200 OK");
      case "PWD":
        return say(`257 "${session.folder.replaceAll('"', '""')}" is where you are`);
      case "CWD":
        if (!isFolder(real(path))) return say("550 No such folder");
        session.folder = path;
        return say("250 OK");
      case "SIZE":
        if (manners.size === false) return say("502 Not here");
        return say(file() ? `213 ${file().bytes.length}` : "550 No such file");
      case "MDTM":
        if (manners.times === false) return say("502 Not here");
        return say(file() ? `213 ${stamp(file().modifiedMs)}` : "550 No such file");
      case "REST":
        if (manners.restart === false) return say("502 Not here");
        session.offset = Number(argument);
        return say(`350 Restarting at ${session.offset}`);
      case "EPSV":
        if (manners.extendedPassive === false) return say("500 What?");
        return say(`229 Entering Extended Passive Mode (|||${await listenForData(session)}|)`);
      case "PASV": {
        const port = await listenForData(session);
        const host = (manners.passiveHost ?? "127.0.0.1").replaceAll(".", ",");
        return say(`227 Entering Passive Mode (${host},${port >> 8},${port & 255}).`);
      }
      case "RETR":
        if (!file()) return say("550 No such file");
        return transfer(session, say, control, file().bytes.subarray(session.offset), fate);
      case "MLSD":
        if (manners.machineListing === false) return say("500 What?");
        if (!isFolder(real(path))) return say("550 No such folder");
        return transfer(session, say, control, listing(path, machineLine), fate);
      case "LIST": {
        if (argument.startsWith("-") && manners.flags === false) return say("501 No flags, please");
        const lines = listing(session.folder, manners.listing === "dos" ? dosLine : unixLine);
        return transfer(session, say, control, lines, fate);
      }
      case "QUIT":
        say("221 Goodbye");
        return control.end();
      default:
        return say("500 What?");
    }
  }

  function isFolder(path) {
    const start = path === "" ? "" : `${path.replace(/\/$/, "")}/`;
    if (start === "") return true;
    for (const key of files.keys()) if (key.startsWith(start)) return true;
    return false;
  }

  /** What a path leads to when every link in it is followed, without the first slash. */
  function real(path) {
    let at = "";
    for (const name of path.split("/").filter(Boolean)) {
      at = at === "" ? name : `${at}/${name}`;
      at = links.get(at) ?? at;
    }
    return at;
  }

  /** A folder as lines of one form. Links count as what they lead to in MLSD, as themselves in LIST. */
  function listing(folder, lineOf) {
    const start = real(folder) === "" ? "" : `${real(folder)}/`;
    const names = new Map();
    for (const [key, file] of files) {
      if (!key.startsWith(start)) continue;
      const rest = key.slice(start.length);
      const slash = rest.indexOf("/");
      if (slash < 0) names.set(rest, file);
      else names.set(rest.slice(0, slash), undefined);
    }
    const lines = lineOf === machineLine ? ["type=cdir;modify=20240115120000; ."] : lineOf === unixLine ? ["total 1234"] : [];
    for (const [name, file] of names) lines.push(lineOf(name, file));
    for (const [link, target] of links) {
      if (!link.startsWith(start) || link.slice(start.length).includes("/")) continue;
      const name = link.slice(start.length);
      if (lineOf === unixLine) lines.push(`lrwxrwxrwx   1 ftp ftp    9 Jan 15  2024 ${name} -> /${target}`);
      else lines.push(lineOf(name, files.get(target)));
    }
    return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), manners.latin1 ? "latin1" : "utf8");
  }

  function listenForData(session) {
    session.passive?.close();
    const passive = createServer();
    session.passive = passive;
    session.data = new Promise((done) => {
      passive.once("connection", (socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          dataBytes += socket.bytesWritten;
          sockets.delete(socket);
        });
        passive.close();
        done(socket);
      });
    });
    return new Promise((done) => passive.listen(0, "127.0.0.1", () => done(passive.address().port)));
  }

  async function transfer(session, say, control, bytes, fate) {
    session.offset = 0;
    if (!session.data) return say("425 Use EPSV or PASV first");
    say(`150 Opening BINARY mode data connection (${bytes.length} bytes)`);
    const socket = await session.data;
    session.data = undefined;
    const ending = fate && ["reset", "fin", "stall", "drip", "drop", "half"].includes(fate.kind);
    const limit = ending ? Math.min(bytes.length, fate.at ?? 0) : bytes.length;
    const pieceBytes = manners.pieceBytes ?? 65536;
    for (let at = 0; at < limit && !socket.destroyed; ) {
      const piece = bytes.subarray(at, Math.min(limit, at + pieceBytes));
      at += piece.length;
      if (!socket.write(piece)) await drained(socket);
      if (manners.pauseMs !== undefined) await pause(manners.pauseMs);
    }
    const gone = socket.destroyed;
    if (!gone && fate?.kind === "stall") return;
    if (!gone && fate?.kind === "drip") {
      let at = limit;
      const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), fate.everyMs ?? 100);
      socket.on("close", () => {
        clearInterval(timer);
        say("426 Closed early");
      });
      return;
    }
    if (!gone && ["reset", "drop"].includes(fate?.kind ?? "")) {
      await pause(20); // a reset overtakes what is still in the buffers
      socket.resetAndDestroy();
    } else socket.end();
    if (fate?.kind === "drop") return control.destroy();
    const whole = !gone && (!ending || fate.kind === "half");
    if (whole) say("226 Done");
    else if (!gone || (manners.early ?? "426") === "426") say("426 Closed early");
    else if (manners.early === "226") say("226 Closed early");
    else if (manners.early === "both") say("426 Closed early\r\n226 Abort successful");
    else if (manners.early === "hang up") control.destroy();
    if (fate?.kind === "twice") say("226 Done");
  }

  /** @param {string} key @param {Uint8Array} bytes @param {number} [modifiedMs] */
  function putFile(key, bytes, modifiedMs) {
    const before = files.get(key)?.modifiedMs ?? Date.UTC(2024, 0, 15, 12);
    files.set(key, { bytes: Buffer.from(bytes), modifiedMs: modifiedMs ?? before + 1000 });
  }

  await listenOnFreshPort(server, options.port);
  return {
    url: `ftp://127.0.0.1:${server.address().port}`,
    port: server.address().port,
    commands,
    get dataBytes() {
      return dataBytes;
    },
    get open() {
      return open;
    },
    get openMost() {
      return openMost;
    },
    get logins() {
      return logins;
    },
    putFile,
    putLink: (key, target) => void links.set(key, target),
    setFaults(faults, newSeed = seed) {
      fateOf = fateTable(faults, newSeed);
      commands.length = 0;
      dataBytes = 0;
    },
    hangUp() {
      for (const control of controls) control.end("421 Idle for too long\r\n");
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** What a client has learnt of a server holds for its address: the next server has another one. */
const portsHad = new Set();

/** @param {import("node:net").Server} server @param {number | undefined} port */
async function listenOnFreshPort(server, port) {
  for (;;) {
    await new Promise((done, fail) => {
      server.once("error", fail);
      server.listen(port ?? 0, "127.0.0.1", () => done(undefined));
    });
    const had = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
    if (port !== undefined || !portsHad.has(had)) {
      portsHad.add(had);
      return;
    }
    await new Promise((done) => server.close(done));
  }
}

function trickle(control, text, everyMs) {
  let at = 0;
  const timer = setInterval(() => {
    if (at >= text.length || !control.writable) clearInterval(timer);
    else control.write(text[at++]);
  }, everyMs);
}

function drained(socket) {
  return new Promise((done) => {
    const go = () => {
      socket.off("drain", go).off("close", go);
      done(undefined);
    };
    socket.on("drain", go).on("close", go);
  });
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function resolve(folder, path) {
  const segments = path.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

/** `20240115120000` */
function stamp(ms) {
  return new Date(ms).toISOString().replace(/\D/g, "").slice(0, 14);
}

function machineLine(name, file) {
  return file
    ? `Type=file;Size=${file.bytes.length};Modify=${stamp(file.modifiedMs)};Perm=r; ${name}`
    : `Type=dir;Modify=20240115120000;Perm=el; ${name}`;
}

function unixLine(name, file) {
  return file
    ? `-rw-r--r--   1 ftp      ftp      ${String(file.bytes.length).padStart(12)} Jan 15 12:00 ${name}`
    : `drwxr-xr-x   2 ftp      ftp              4096 Jan 15  2024 ${name}`;
}

function dosLine(name, file) {
  return file
    ? `01-15-24  12:00PM ${String(file.bytes.length).padStart(20)} ${name}`
    : `01-15-24  12:00PM       <DIR>          ${name}`;
}
