import { systemClock } from "../../src/clock.ts";
import { InProcessBus } from "../../src/coordination/bus/in-process-bus.ts";
import { type OpenBus, describeBus } from "../coordination/bus-contract.ts";
import { describeDurableMail } from "../coordination/bus-durable-contract.ts";
import { describeBusUses } from "../coordination/bus-uses-contract.ts";
import { describeMailboxes } from "../coordination/bus-mailbox-contract.ts";

const inProcess: OpenBus = ({ rate, ...deps } = {}) =>
  new InProcessBus({ clock: systemClock, ...deps }, rate ? { rate } : {});

describeBus("in process", inProcess);
describeMailboxes("in process", inProcess);
describeDurableMail("in process", inProcess);
describeBusUses("in process", inProcess);
