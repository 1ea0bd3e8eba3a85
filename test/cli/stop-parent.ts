// Loaded into the self-test's processes (selftest.test.ts): the one that holds tasks until it is killed stops the command
// that started it, so that a test finds both there, however late it looks.
if (process.argv[1]?.includes("holder-process")) process.kill(process.ppid, "SIGSTOP");
