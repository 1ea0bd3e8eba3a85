/** How a thread's error begins when the runtime is missing: only an error's message survives the way between threads. */
export const runtimeFailure = "onnxruntime-node cannot be loaded";
