#!/usr/bin/env node
import { existsSync } from "node:fs";
import * as modules from "node:module";
import { fewFiles } from "../system/open-files.js";

/**
 * The entry of the program. Node opens all imported modules at the same time, and libraries have hundreds: under `ulimit -n 64`
 * the program would fail before its first line. So this file imports almost nothing, and with few file handles modules are read
 * one by one.
 */
if (fewFiles) modules.register("./module-loader.js", import.meta.url);
const { keepCompiledCode, runScript } = await import("./compile-cache.js");
keepCompiledCode(process.env);
// the same program, bundled, starts in less than half of the time
const bundle = new URL("cli.start.cjs", new URL("../program/", import.meta.url));
if (existsSync(bundle)) runScript(bundle, process);
else await import("./start.js");
