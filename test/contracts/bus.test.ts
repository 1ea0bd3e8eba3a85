import { systemClock } from "../../src/clock.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { type OpenBus, describeBus } from "../coordination/bus-contract.ts";

const inProcess: OpenBus = ({ rate, ...deps } = {}) =>
  new InProcessBus({ clock: systemClock, ...deps }, rate ? { rate } : {});

describeBus("in process", inProcess);
