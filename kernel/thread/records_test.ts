// What threads and tasks give as records is all of them: a copy gives the same record, whatever has
// happened.
import { assertEquals, assertNotEquals } from "@std/assert";
import { DEFAULT_PARAMETERS } from "../../sched/parameters.ts";
import { Jobs } from "./jobs.ts";
import { Task } from "./task.ts";
import { Thread } from "./thread.ts";
import type { Unwind } from "./unwinds.ts";

const UNWIND: Unwind = {
  object: 0x2000_0400n,
  exceptionClass: 7n,
  cause: "throw",
  reason: "r",
  skip: 1,
  thrown: { type: 1n, address: 2n },
  page: 0x2000_0000n,
  progress: { phase: "unwinding", handlerCfa: 0x7000n },
  landings: 2,
  landingCfa: 0x7010n,
};

function newTask(): Task {
  return new Task(3, { name: "t", space: null, module: null });
}

function newThread(task: Task): Thread {
  const resume = { name: "exec", argv: ["t"], load: "demand" } as const;
  const parameters = { ...DEFAULT_PARAMETERS, priority: 9 };
  return new Thread(5, { address: 0x1000n, task, parameters, label: "user_bootstrap", resume });
}

/** Everything that can happen to a thread, one after the other. */
const THREAD_CHANGES: readonly ((thread: Thread) => void)[] = [
  (thread) => thread.ready(),
  (thread) => thread.lackStack(),
  (thread) => thread.wake("awakened"),
  (thread) => thread.ready(),
  (thread) => thread.run(1),
  (thread) => thread.giveStack(4),
  (thread) => thread.takeLabel(),
  (thread) => thread.takeResume(),
  (thread) => thread.pushCall({ name: "frame_ready", frame: 1n, then: { name: "page_zero" } }),
  (thread) => thread.pushTrap(0x2000n),
  (thread) => thread.setParameters({ ...thread.parameters, period: 5_000, affinity: [0] }),
  (thread) => thread.setJobs(new Jobs(900, 5_000)),
  (thread) => thread.jobs?.begin(true),
  (thread) => thread.jobs?.miss(),
  (thread) => thread.jobs?.complete(),
  (thread) => thread.postAst("suspend"),
  (thread) => thread.postAst("quantum", { preempted: true }),
  (thread) => thread.giveBounce(0x3000n),
  (thread) => thread.becomeReadyForUser(),
  (thread) => thread.lendReserve(0x4000n),
  (thread) => thread.requestKill("enough"),
  (thread) => thread.charge(77),
  (thread) => thread.unwinds.begin(UNWIND),
  (thread) => thread.unwinds.catch(),
  (thread) => thread.unwinds.begin({ ...UNWIND, object: 1n }),
  (thread) => thread.unwinds.advance({ landings: 9 }),
  (thread) => thread.stop({ label: null, resume: { name: "syscall_result", result: 1n } }),
  (thread) => thread.waitFor({ kind: "page", address: 0x5000n }),
  (thread) => thread.wake("failed"),
  (thread) => thread.redirect({ name: "return" }),
  (thread) => thread.discardStack(),
  (thread) => thread.die(),
];

Deno.test("Thread.from, the copy of a thread is as the thread, after everything that can happen to one", () => {
  const task = newTask();
  const thread = newThread(task);
  for (const change of THREAD_CHANGES) {
    const before = thread.save();
    change(thread);
    const record = thread.save();
    assertNotEquals(record, before, `${change}`);
    assertEquals(Thread.from(record, task).save(), record, `${change}`);
    assertEquals(thread.save(), record, "a record does not change");
  }
});

/** Everything that can happen to a task. */
const TASK_CHANGES: readonly ((task: Task) => void)[] = [
  (task) => task.addThread(1),
  (task) => task.addThread(2),
  (task) => task.removeThread(1),
  (task) => task.addWaiter(9),
  (task) => task.addProgramPage(0x1000n),
  (task) => task.suspend(),
  (task) => task.becomeLoaded(),
  (task) => task.lendEmergencyStack({ begin: 0n, end: 4096n }),
  (task) => task.end({ kind: "killed", reason: "r" }),
  (task) => task.takeProgramPages(),
  (task) => task.resume(),
  (task) => task.die({ kind: "exit", code: 1 }),
  (task) => task.becomeReaped(),
];

Deno.test("Task.from, the copy of a task is as the task, after everything that can happen to one", () => {
  const task = newTask();
  for (const change of TASK_CHANGES) {
    const before = task.save();
    change(task);
    const record = task.save();
    assertNotEquals(record, before, `${change}`);
    assertEquals(Task.from(record, { space: null, module: null }).save(), record, `${change}`);
    assertEquals(task.save(), record, "a record does not change");
  }
});
