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
// Node 22.1 and later
if ("enableCompileCache" in modules) (await import("./compile-cache.js")).keepCompiledCode(process.env);
// the same program, bundled, starts in some 40 % less time
const bundle = new URL("cli.start.js", new URL("../program/", import.meta.url));
if (existsSync(bundle)) await import(bundle.href);
else await import("./start.js");
