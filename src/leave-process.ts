/**
 * Ends this process now, after all that listens for its exit, with this exit code: also while a thread stands in native
 * code. Node.js waits for each thread when it exits, so `process.exit` alone would not come back then (seen, 24.21, also
 * when the thread is unreferenced); but a process that becomes another program has no threads left to wait for.
 */
export function leaveProcess(code: number): never {
  process.once("exit", () => {
    try {
      process.execve?.(process.execPath, [process.execPath, "-e", `process.exit(${code})`], {
        ...process.env,
        NODE_OPTIONS: "",
      });
    } catch {
      // Not on this system: what is left ends the process too, with a code of its own.
    }
    process.kill(process.pid, "SIGKILL");
  });
  process.exit(code);
}

/** What has been done may take so long to go away by itself: sockets, the last line of output. */
const lingerMs = 5_000;

/** Leaves the process if it is still there after a while, when all it had to do is done and closed. */
export function leaveWhenDone(code: number, lingersMs: number = lingerMs): void {
  const leave = () => {
    if (process.stdout.writableLength > 0) return void setTimeout(leave, lingersMs).unref();
    process.stderr.write("forager: A thread or a connection did not end; the command was left without it.\n");
    leaveProcess(code);
  };
  setTimeout(leave, lingersMs).unref();
}
