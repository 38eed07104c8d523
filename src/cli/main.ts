#!/usr/bin/env node
import { register } from "node:module";
import { fewFiles } from "../system/open-files.js";

/**
 * The entry of the program. Node opens all imported modules at the same time, and libraries have hundreds: under `ulimit -n 64`
 * the program would fail before its first line. So this file imports almost nothing, and with few file handles modules are read
 * one by one.
 */
if (fewFiles) register("./module-loader.js", import.meta.url);
await import("./start.js");
