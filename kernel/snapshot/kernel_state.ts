/**
 * The kernel's part of a snapshot: taken from its owners, and given back to them.
 *
 * @module
 */

import { rewatchDeadlines } from "../jobs.ts";
import type { Kernel } from "../kernel.ts";
import { QUEUES } from "../thread/kernel_queues.ts";
import { Task } from "../thread/task.ts";
import { Thread } from "../thread/thread.ts";
import type { AddressSpace, AddressSpaceRecord } from "../vm/address_space.ts";
import { splitCpu } from "./cpu_blocks.ts";
import type { CpuRecord, KernelRecord } from "./snapshot.ts";

/** Takes what a kernel keeps. */
export function saveKernel(k: Kernel): KernelRecord {
  const owners = new Map(k.tasks.map(({ space, id }) => [space, id]));
  return {
    clock: k.clock.save(),
    policy: k.policy.save(),
    pageFrames: k.pageFrames.save(),
    stackPool: k.stackPool.save(),
    stacks: k.stacks.save(),
    zone: k.zone.save(),
    pageIo: k.pageIo.save(),
    tasks: k.tasks.map((task) => task.save()),
    spaces: k.tasks.map(({ space }) => space?.save() ?? null),
    threads: k.threads.map((thread) => thread.save()),
    queues: QUEUES.map((name) => [name, k.queues[name].save()]),
    sleepers: k.sleepers.save(),
    futexes: k.futexes.save(),
    locks: k.locks.save(),
    cleanPages: Array.from(k.cleanPages, ({ space, address }) => [owners.get(space) ?? 0, address]),
    zeroed: k.zeroed.slice(),
    deadThreads: k.deadThreads.map(({ id }) => id),
    deadTasks: k.deadTasks.map(({ id }) => id),
    console: k.console.save(),
    ...k.saveRest(),
    seq: k.events.seq,
  };
}

/** Takes the CPUs of a kernel, and what it keeps for each; `before` is what to share with. */
export function saveCpus(k: Kernel, before: readonly CpuRecord[] | undefined): CpuRecord[] {
  return k.cpus.map((on, i) => ({
    state: splitCpu(on.cpu.save(), before?.[i]?.state),
    kernel: on.save(),
  }));
}

/** Makes a kernel what it was; RAM and CPUs apart. `used` are the page frames in use. */
export function restoreKernel(
  k: Kernel,
  record: KernelRecord,
  { cpus, used }: { cpus: readonly CpuRecord[]; used: Uint32Array<ArrayBuffer> },
): void {
  k.clock.restore(record.clock);
  k.policy.restore(record.policy);
  k.pageFrames.restore(record.pageFrames, used);
  k.stackPool.restore(record.stackPool);
  k.zone.restore(record.zone);
  k.pageIo.restore(record.pageIo);
  replace(
    k.tasks,
    record.tasks.map((task, i) =>
      Task.from(task, {
        space: restoreSpace(k, record.spaces[i] ?? null, k.tasks[i]?.space ?? null),
        module: task.module === null ? null : k.bootModules[task.module] ?? null,
      })
    ),
  );
  replace(k.threads, record.threads.map((thread) => Thread.from(thread, k.task(thread.task))));
  const thread = (id: number): Thread => k.thread(id);
  k.stacks.restore(record.stacks, thread);
  for (const [name, queue] of record.queues) k.queues[name].restore(queue, thread);
  k.sleepers.restore(record.sleepers);
  rewatchDeadlines(k);
  k.futexes.restore(record.futexes);
  k.locks.restore(record.locks);
  k.cleanPages.clear();
  for (const [task, address] of record.cleanPages) {
    const page = k.task(task).space?.page(address);
    if (page !== undefined) k.cleanPages.add(page);
  }
  replace(k.zeroed, record.zeroed);
  replace(k.deadThreads, record.deadThreads.map(thread));
  replace(k.deadTasks, record.deadTasks.map((id) => k.task(id)));
  cpus.forEach((cpu, i) => k.cpus[i]?.restore(cpu.kernel, thread));
  k.console.restore(record.console);
  k.restoreRest(record);
  k.events.seq = record.seq;
}

/** The space of a record: the one that is there, if that has not changed. */
function restoreSpace(
  k: Kernel,
  record: AddressSpaceRecord | null,
  current: AddressSpace | null,
): AddressSpace | null {
  if (record === null) return null;
  return current?.save() === record ? current : k.restoreSpace(record);
}

function replace<T>(list: T[], items: readonly T[]): void {
  list.length = 0;
  for (const item of items) list.push(item);
}
