/** A small FTP server over a tree of virtual files: passive and extended passive mode, restarts, machine-readable listings. */
import { createServer } from "node:net";

/** @type {import("./ftp.d.mts").startFtpServer} */
export async function startFtpServer(
  tree,
  { port = 0, restart = true, machineListing = true, dropAfterBytes, connectionsMax = Number.POSITIVE_INFINITY } = {},
) {
  /** @type {string[]} */
  const commands = [];
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  let sessions = 0;

  const server = createServer((control) => {
    sockets.add(control);
    sessions++;
    const say = (line) => control.writable && control.write(`${line}\r\n`);
    if (sessions > connectionsMax) {
      say("421 Too many connections");
      control.end();
    } else say("220 Offline portals");
    const session = {
      folder: "/",
      offset: 0,
      /** @type {import("node:net").Server | undefined} */ passive: undefined,
      /** @type {Promise<import("node:net").Socket> | undefined} */ data: undefined,
    };
    let waiting = "";
    let chain = Promise.resolve();
    control.setEncoding("utf8");
    control.on("data", (text) => {
      waiting += text;
      for (let end = waiting.indexOf("\n"); end >= 0; end = waiting.indexOf("\n")) {
        const line = waiting.slice(0, end).replace(/\r$/, "");
        waiting = waiting.slice(end + 1);
        commands.push(line);
        chain = chain.then(() => obey(line, session, say, control)).catch(() => control.destroy());
      }
    });
    control.on("error", () => {});
    control.on("close", () => {
      sessions--;
      sockets.delete(control);
      session.passive?.close();
    });
  });

  /** One command of one session. */
  async function obey(line, session, say, control) {
    const [, verb = "", argument = ""] = /^(\S+)\s?(.*)$/.exec(line) ?? [];
    const path = () => resolve(session.folder, argument);
    const file = () => tree.file(path().slice(1));
    switch (verb.toUpperCase()) {
      case "USER":
        return say("331 Password, please");
      case "PASS":
        return say("230 Welcome");
      case "SYST":
        return say("215 UNIX Type: L8");
      case "TYPE":
      case "MODE":
      case "STRU":
      case "NOOP":
        return say("200 OK");
      case "OPTS":
        return say("200 OK");
      case "FEAT":
        return say(
          `211-Features:\r\n EPSV\r\n SIZE\r\n MDTM\r\n UTF8\r\n${restart ? " REST STREAM\r\n" : ""}${machineListing ? " MLST type*;size*;modify*;\r\n MLSD\r\n" : ""}211 End`,
        );
      case "PWD":
        return say(`257 "${session.folder}"`);
      case "CWD":
        if (!tree.children(path() === "/" ? "" : `${path().slice(1)}/`)) return say("550 No such folder");
        session.folder = path();
        return say("250 OK");
      case "CDUP":
        session.folder = resolve(session.folder, "..");
        return say("250 OK");
      case "SIZE":
        return say(file() ? `213 ${file().size}` : "550 No such file");
      case "MDTM":
        return say(file() ? `213 ${stamp(file().modifiedMs)}` : "550 No such file");
      case "REST":
        if (!restart) return say("502 Not here");
        session.offset = Number(argument);
        return say(`350 Restarting at ${session.offset}`);
      case "EPSV":
        return say(`229 Entering Extended Passive Mode (|||${await listenForData(session)}|)`);
      case "PASV": {
        const number = await listenForData(session);
        return say(`227 Entering Passive Mode (127,0,0,1,${number >> 8},${number & 255})`);
      }
      case "RETR":
        if (!file()) return say("550 No such file");
        return transfer(session, say, control, (socket) => sendFile(file(), session, socket));
      case "MLSD":
        if (!machineListing) return say("500 Unknown command");
        return list(machineLine);
      case "LIST":
      case "NLST":
        return list(verb.toUpperCase() === "NLST" ? (name) => name.replace(/\/$/, "") : unixLine);
      case "ABOR":
        return say("226 Nothing to abort");
      case "QUIT":
        say("221 Goodbye");
        control.end();
        return undefined;
      default:
        return say("500 Unknown command");
    }

    function list(lineOf) {
      const wanted = argument.replace(/^-\S+\s*/, "");
      const at = resolve(session.folder, wanted);
      const folder = at === "/" ? "" : `${at.slice(1)}/`;
      const names = tree.children(folder);
      if (!names) return say("550 No such folder");
      const text = names.map((name) => `${lineOf(name, tree.file(folder + name))}\r\n`).join("");
      return transfer(session, say, control, async (socket) => {
        socket.end(text);
        return true;
      });
    }
  }

  function listenForData(session) {
    session.passive?.close();
    const passive = createServer();
    session.passive = passive;
    session.data = new Promise((resolveSocket) => {
      passive.once("connection", (socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
        passive.close();
        resolveSocket(socket);
      });
    });
    return new Promise((done) => passive.listen(0, "127.0.0.1", () => done(passive.address().port)));
  }

  async function transfer(session, say, control, work) {
    if (!session.data) return say("425 Use EPSV or PASV first");
    say("150 Here it comes");
    const socket = await session.data;
    session.data = undefined;
    const whole = await work(socket);
    session.offset = 0;
    if (whole === "drop") return control.destroy();
    return say(whole ? "226 Done" : "426 Closed early");
  }

  /** Bytes from the restart's offset; true when all of them went. */
  async function sendFile(file, session, socket) {
    let at = session.offset;
    let sent = 0;
    while (at < file.size && !socket.destroyed) {
      const room = dropAfterBytes === undefined ? 65536 : Math.min(65536, dropAfterBytes - sent);
      if (room <= 0) {
        socket.destroy();
        return "drop";
      }
      const bytes = file.read(at, room);
      at += bytes.length;
      sent += bytes.length;
      if (!socket.write(bytes)) await new Promise((done) => socket.once("drain", done).once("close", done));
    }
    const whole = !socket.destroyed;
    socket.end();
    return whole;
  }

  await new Promise((done, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => done(undefined));
  });
  return {
    url: `ftp://127.0.0.1:${server.address().port}`,
    commands,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
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
    ? `type=file;size=${file.size};modify=${stamp(file.modifiedMs)}; ${name}`
    : `type=dir;modify=20240115120000; ${name.replace(/\/$/, "")}`;
}

function unixLine(name, file) {
  return file
    ? `-rw-r--r--   1 ftp      ftp      ${String(file.size).padStart(12)} Jan 15  2024 ${name}`
    : `drwxr-xr-x   2 ftp      ftp              4096 Jan 15  2024 ${name.replace(/\/$/, "")}`;
}
