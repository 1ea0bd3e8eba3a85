#!/usr/bin/env node
import * as nodeModule from "node:module";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  // An older Node would stop at the first import that it lacks, without a word of what to do.
  console.error(`forager: Node.js ${process.versions.node} is too old. Install Node.js 22.19 or later.`);
  process.exitCode = 1;
} else {
  // Compiled code is kept from run to run: starting takes half as long.
  nodeModule.enableCompileCache();
  const [{ main }, { leaveWhenDone }] = await Promise.all([
    import("./program.ts"),
    import("../leave-process.ts"),
  ]);
  process.exitCode = await main(process.argv.slice(2));
  leaveWhenDone(process.exitCode);
}
