import { assert, assertEquals } from "@std/assert";
import { checkParameters, type ThreadParameters, type UrgencyParameter } from "../parameters.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Random } from "../../util/random.ts";
import type { MutexProtocol } from "./answers.ts";
import { Locks } from "./locks.ts";

interface ModelObject {
  kind: "mutex" | "semaphore" | "condition";
  protocol: MutexProtocol;
  ceiling: number;
  owner: number;
  died: boolean;
  count: number;
}

interface ModelThread {
  base: number;
  waitsFor: number;
  arrival: number;
  wants: number;
  returns: boolean;
  late: boolean;
  /** What it was given and has not run with yet, −1 for nothing. */
  given: number;
  woken: boolean;
  answer: string;
}

const NEW = { arrival: 0, given: -1, woken: false, answer: "" };
const IDLE = { waitsFor: -1, wants: -1, returns: false, late: false };

const NOT_URGENT: Record<UrgencyParameter, number> = { priority: 0, period: 0, deadline: 0 };

/** Locks by their definition: everything is found anew, by search, each time it is asked. */
class Model {
  readonly objects: ModelObject[] = [];
  readonly threads = new Map<number, ModelThread>();
  readonly woken: string[] = [];
  #arrivals = 0;

  constructor(readonly by: UrgencyParameter, readonly resumes: boolean) {}

  /** The more urgent of two values of the parameter. */
  most(a: number, b: number): number {
    if (this.by === "priority") return Math.max(a, b);
    if (a === 0 || b === 0) return a + b;
    return Math.min(a, b);
  }

  /** Urgency of all threads: the least change of the base that holds everywhere. */
  effective(): Map<number, number> {
    const keys = new Map([...this.threads].map(([thread, { base }]) => [thread, base]));
    for (let changed = true; changed;) {
      changed = false;
      for (const [id, { protocol, ceiling, owner }] of this.objects.entries()) {
        if (owner < 0) continue;
        let key = keys.get(owner)!;
        if (protocol === "ceiling") key = this.most(key, ceiling);
        if (protocol === "inherit" || protocol === "original-ceiling") {
          for (const [thread, { waitsFor }] of this.threads) {
            if (waitsFor === id) key = this.most(key, keys.get(thread)!);
          }
        }
        if (key !== keys.get(owner)) changed = true;
        keys.set(owner, key);
      }
    }
    return keys;
  }

  waiters(id: number): number[] {
    const keys = this.effective();
    const rank = (thread: number) => {
      const key = keys.get(thread)!;
      return this.by === "priority" ? -key : key || Infinity;
    };
    return [...this.threads].filter(([, { waitsFor }]) => waitsFor === id)
      .sort(([a, one], [b, other]) =>
        rank(a) === rank(b) ? one.arrival - other.arrival : rank(a) - rank(b)
      ).map(([thread]) => thread);
  }

  cycle(thread: number, mutex: number): number[] | null {
    const cycle: number[] = [];
    for (let at = thread, wants = mutex;;) {
      cycle.push(at, wants);
      at = this.objects[wants]!.owner;
      if (at === thread) return cycle;
      if (at < 0) return null;
      wants = this.threads.get(at)!.waitsFor;
      if (wants < 0) return null;
    }
  }

  #block(thread: number, id: number): "blocked" {
    Object.assign(this.threads.get(thread)!, { waitsFor: id, arrival: this.#arrivals++ });
    return "blocked";
  }

  /** Whether a value of the parameter is strictly more urgent than another. */
  #above(a: number, b: number): boolean {
    return a !== b && this.most(a, b) === a;
  }

  /** What a thread has to wait for to get a mutex: that, or the most urgent ceiling of others. */
  #obstacle(thread: number, mutex: number): number {
    const { owner, protocol } = this.objects[mutex]!;
    if (owner >= 0) return mutex;
    if (protocol !== "original-ceiling") return -1;
    const others = [...this.objects.entries()].filter(([, object]) =>
      object.protocol === "original-ceiling" && object.owner >= 0 && object.owner !== thread
    ).sort(([, a], [, b]) => this.#above(b.ceiling, a.ceiling) ? 1 : -1);
    const [first] = others;
    if (first === undefined) return -1;
    return this.#above(this.effective().get(thread)!, first[1].ceiling) ? -1 : first[0];
  }

  lock(thread: number, mutex: number, waits = true): string {
    const object = this.objects[mutex]!;
    if (object.kind !== "mutex") return "invalid";
    const { base } = this.threads.get(thread)!;
    if (object.protocol.endsWith("ceiling") && this.#above(base, object.ceiling)) {
      return "above-ceiling";
    }
    const taken = this.#takeFor(thread, mutex);
    let answer = "busy";
    if (waits || this.#obstacle(thread, mutex) < 0) {
      Object.assign(this.threads.get(thread)!, { ...IDLE, wants: mutex });
      answer = this.#get(thread);
    }
    for (const each of taken.reverse()) this.#serve(each);
    return answer;
  }

  /** Takes mutexes that are in the way from less urgent threads that have not run with them yet. */
  #takeFor(thread: number, mutex: number): number[] {
    const taken: number[] = [];
    for (;;) {
      const obstacle = this.#obstacle(thread, mutex);
      if (obstacle < 0) return taken;
      const { owner } = this.objects[obstacle]!;
      const other = this.threads.get(owner)!;
      const keys = this.effective();
      if (other.given !== obstacle || !this.#above(keys.get(thread)!, keys.get(owner)!)) {
        return taken;
      }
      Object.assign(this.objects[obstacle]!, { owner: -1, died: other.answer === "owner-died" });
      Object.assign(other, { given: -1, wants: obstacle, waitsFor: obstacle });
      taken.push(obstacle);
    }
  }

  resume(thread: number): string {
    const waiter = this.threads.get(thread)!;
    Object.assign(waiter, { woken: false, given: -1 });
    return waiter.waitsFor >= 0 ? "blocked" : waiter.answer;
  }

  /** A thread that waits for nothing gets the mutex it wants, or waits for it. */
  #get(thread: number): string {
    const waiter = this.threads.get(thread)!;
    const { wants, late } = waiter;
    const obstacle = wants < 0 ? -1 : this.#obstacle(thread, wants);
    if (obstacle >= 0 && this.cycle(thread, obstacle) === null) {
      return this.#block(thread, obstacle);
    }
    Object.assign(waiter, IDLE);
    if (obstacle >= 0) {
      this.found = this.cycle(thread, obstacle);
      return "deadlock";
    }
    if (wants < 0) return "acquired";
    const object = this.objects[wants]!;
    const answer = object.died ? "owner-died" : late ? "timed-out" : "acquired";
    Object.assign(object, { owner: thread, died: false });
    return answer;
  }

  #pass(mutex: number): void {
    this.objects[mutex]!.owner = -1;
    this.#serve(mutex);
  }

  #serve(mutex: number): void {
    for (;;) {
      const [next] = this.waiters(mutex);
      if (next === undefined) return;
      const thread = this.threads.get(next)!;
      if (this.#obstacle(next, thread.wants) === mutex) return;
      this.#goOn(next);
    }
  }

  #goOn(thread: number): void {
    const waiter = this.threads.get(thread)!;
    const { wants, late, returns } = waiter;
    waiter.waitsFor = -1;
    const answer = this.#get(thread);
    if (answer === "blocked") return;
    if (!waiter.woken) this.woken.push(`${thread} ${answer}`);
    if (!this.resumes) return;
    // It may have to wait for the same again.
    const given = answer === "deadlock" ? -1 : wants;
    Object.assign(waiter, { late, returns, answer, woken: true, given });
  }

  unlock(thread: number, mutex: number): string {
    const { kind, owner } = this.objects[mutex]!;
    if (kind !== "mutex") return "invalid";
    if (owner !== thread) return "not-owner";
    this.#pass(mutex);
    return "done";
  }

  acquire(thread: number, id: number, waits = true): string {
    const object = this.objects[id]!;
    if (object.kind !== "semaphore") return "invalid";
    if (object.count === 0 && !waits) return "busy";
    Object.assign(this.threads.get(thread)!, IDLE);
    if (object.count === 0) return this.#block(thread, id);
    object.count--;
    return "acquired";
  }

  release(id: number): string {
    const object = this.objects[id]!;
    if (object.kind !== "semaphore") return "invalid";
    const [next] = this.waiters(id);
    if (next === undefined) {
      if (object.count === 3) return "overflow";
      object.count++;
    } else {
      this.#goOn(next);
    }
    return "done";
  }

  wait(thread: number, condition: number, mutex: number | null): string {
    if (this.objects[condition]!.kind !== "condition") return "invalid";
    if (mutex !== null && this.objects[mutex]!.kind !== "mutex") return "invalid";
    if (mutex !== null && this.objects[mutex]!.owner !== thread) return "not-owner";
    Object.assign(this.threads.get(thread)!, { ...IDLE, wants: mutex ?? -1, returns: true });
    this.#block(thread, condition);
    if (mutex !== null) this.#pass(mutex);
    return "blocked";
  }

  signal(condition: number, all = false): string {
    if (this.objects[condition]!.kind !== "condition") return "invalid";
    const waiters = this.waiters(condition);
    for (const thread of all ? waiters : waiters.slice(0, 1)) this.#goOn(thread);
    return "done";
  }

  cancel(thread: number): boolean {
    const waiter = this.threads.get(thread)!;
    const waited = waiter.waitsFor >= 0;
    Object.assign(waiter, IDLE);
    return waited;
  }

  expire(thread: number): string {
    const waiter = this.threads.get(thread)!;
    if (waiter.waitsFor < 0) return "idle";
    const { kind } = this.objects[waiter.waitsFor]!;
    if (kind === "mutex" && waiter.returns) return "blocked";
    waiter.waitsFor = -1;
    if (kind !== "condition") return "timed-out";
    waiter.late = true;
    const answer = this.#get(thread);
    return answer === "acquired" ? "timed-out" : answer;
  }

  forget(thread: number): void {
    this.cancel(thread);
    const held = this.locked.filter((mutex) => this.objects[mutex]!.owner === thread);
    for (const mutex of held.reverse()) {
      const { given, answer } = this.threads.get(thread)!;
      this.objects[mutex]!.died = given !== mutex || answer === "owner-died";
      this.#pass(mutex);
    }
    this.threads.delete(thread);
  }

  /** The last cycle that was found. */
  found: number[] | null = null;

  /** Held mutexes in the order they were locked; whoever uses the model keeps it. */
  locked: number[] = [];
}

interface Run {
  locks: Locks;
  readonly model: Model;
  readonly random: Random;
  readonly told: Map<number, ThreadParameters>;
  readonly woken: string[];
}

function parametersOf(by: UrgencyParameter, value: number): ThreadParameters {
  return checkParameters({ [by]: value }, { cpus: 1, thread: "a thread" });
}

function prepare(by: UrgencyParameter, seed: number): Run {
  const resumes = seed % 2 === 1;
  const told = new Map<number, ThreadParameters>();
  const woken: string[] = [];
  const run: Run = {
    locks: makeLocks({ by, resumes }, told, woken),
    model: new Model(by, resumes),
    random: new Random(seed),
    told,
    woken,
  };
  const { locks, model } = run;
  const add = (id: number, kind: ModelObject["kind"], more: Partial<ModelObject> = {}) => {
    const none = { protocol: "none" as const, ceiling: 0, owner: -1, died: false, count: 0 };
    model.objects[id] = { kind, ...none, ...more };
  };
  const ceiling = by === "priority" ? 5 : 3;
  for (const protocol of ["inherit", "inherit", "inherit", "none", "inherit"] as const) {
    add(locks.createMutex({ protocol }), "mutex", { protocol });
  }
  const protocol = "ceiling";
  add(locks.createMutex({ protocol, ceiling }), "mutex", { protocol, ceiling });
  for (const ceiling of by === "priority" ? [5, 7, 6] : [3, 1, 2]) {
    const protocol = "original-ceiling";
    add(locks.createMutex({ protocol, ceiling }), "mutex", { protocol, ceiling });
  }
  add(locks.createSemaphore({ count: 1, most: 3 }), "semaphore", { count: 1 });
  add(locks.createCondition(), "condition");
  add(locks.createCondition(), "condition");
  for (let thread = 0; thread < 7; thread++) admit(run, thread);
  return run;
}

function makeLocks(
  options: { by: UrgencyParameter; resumes: boolean },
  told: Map<number, ThreadParameters>,
  woken: string[],
): Locks {
  return new Locks({
    ...options,
    update: (thread, parameters) => void told.set(thread, parameters),
    wake: (thread, answer) => void woken.push(`${thread} ${answer}`),
  });
}

function admit({ locks, model, random, told }: Run, thread: number): void {
  const base = random.between(NOT_URGENT[model.by], 7);
  model.threads.set(thread, { ...NEW, ...IDLE, base });
  const parameters = parametersOf(model.by, base);
  locks.admit(thread, parameters);
  told.set(thread, parameters);
}

/** Does one thing to both at random, and returns what they answered. */
function act(run: Run, next: () => number): [what: string, actual: unknown, expected: unknown] {
  const { locks, model, random } = run;
  const thread = random.pick([...model.threads.keys()]);
  const { waitsFor, woken } = model.threads.get(thread)!;
  const id = random.below(model.objects.length);
  const mine = model.locked.filter((mutex) => model.objects[mutex]!.owner === thread);
  const own = mine.length > 0 && random.below(4) > 0 ? random.pick(mine) : id;
  const choice = random.below(woken || waitsFor >= 0 ? 10 : 20);
  const what = `${choice}: thread ${thread}, object ${id} or ${own}`;
  if (choice < 4) return [what, locks.release(id), model.release(id)];
  if (woken && (choice === 4 || choice === 5)) {
    return [what, `resumed: ${locks.resume(thread)}`, `resumed: ${model.resume(thread)}`];
  }
  if (choice === 4) return [what, locks.cancel(thread), model.cancel(thread)];
  if (choice === 5) return [what, locks.expire(thread), model.expire(thread)];
  if (choice === 6 && random.below(2) === 0) {
    run.told.delete(thread);
    locks.forget(thread);
    model.forget(thread);
    assert(!run.told.has(thread));
    admit(run, next());
    return [what, 0, 0];
  }
  if (choice < 8) {
    const base = random.between(NOT_URGENT[model.by], 7);
    locks.setParameters(thread, parametersOf(model.by, base));
    model.threads.get(thread)!.base = base;
    return [what, 0, 0];
  }
  if (choice === 8) return [what, locks.signal(id), model.signal(id)];
  if (choice === 9) return [what, locks.broadcast(id), model.signal(id, true)];
  if (choice < 14) {
    const held = model.locked.length > 0 && random.below(2) === 0;
    const mutex = held ? random.pick(model.locked) : id;
    const expected = model.lock(thread, mutex);
    const actual = locks.lock(thread, mutex);
    if (actual === "deadlock") assertEquals(locks.cycle, model.found);
    return [what, actual, expected];
  }
  if (choice === 14) return [what, locks.tryLock(thread, id), model.lock(thread, id, false)];
  if (choice === 15) return [what, locks.acquire(thread, id), model.acquire(thread, id)];
  if (choice === 16) {
    return [what, locks.tryAcquire(thread, id), model.acquire(thread, id, false)];
  }
  if (choice === 17) {
    const condition = random.between(10, 11);
    const mutex = random.below(8) === 0 ? null : own;
    return [what, locks.wait(thread, condition, mutex), model.wait(thread, condition, mutex)];
  }
  return [what, locks.unlock(thread, own), model.unlock(thread, own)];
}

/** Destroys an object that nobody needs and makes the same one, which has its number again. */
function spare(locks: Locks, { protocol, ceiling, died }: ModelObject, id: number): void {
  // The death of an owner would be forgotten.
  if (died) return;
  assertEquals(locks.destroy(id), "done");
  const options = protocol.endsWith("ceiling") ? { protocol, ceiling } : { protocol };
  assertEquals(locks.createMutex(options), id);
}

function compare({ locks, model, told, woken }: Run): void {
  assertEquals(woken, model.woken);
  woken.length = model.woken.length = 0;
  const effective = model.effective();
  const held: [number, number[]][] = [];
  for (const [thread, { waitsFor, base }] of model.threads) {
    const key = effective.get(thread);
    const found = locks.parameters(thread);
    assertEquals([found[model.by], locks.baseParameters(thread)[model.by]], [key, base]);
    assertEquals(told.get(thread)?.[model.by], key);
    assertEquals(locks.waitingFor(thread), waitsFor < 0 ? null : waitsFor);
    held.push([thread, locks.held(thread)]);
  }
  model.locked = held.flatMap(([, mutexes]) => mutexes);
  for (const [id, { owner, count, kind }] of model.objects.entries()) {
    assertEquals([locks.kind(id), locks.count(id)], [kind, count]);
    assertEquals(locks.owner(id), owner < 0 ? null : owner);
    assertEquals(held.filter(([, mutexes]) => mutexes.includes(id)).map(([thread]) => thread), [
      ...owner < 0 ? [] : [owner],
    ]);
    assertEquals(locks.waiters(id), model.waiters(id));
    const wanted = [...model.threads.values()].some(({ wants, waitsFor }) =>
      waitsFor === id || (waitsFor >= 0 && wants === id)
    );
    if (owner >= 0 || wanted) assertEquals(locks.destroy(id), "busy");
    else if (kind === "mutex") spare(locks, model.objects[id]!, id);
  }
}

const SWEEP = sweep({ quick: { seeds: 4, steps: 400 }, full: { seeds: 60, steps: 1_000 } });

for (const by of ["priority", "period", "deadline"] as const) {
  Deno.test(`Locks by ${by}, random operations agree with the definition at every step`, () => {
    const answers = new Map<unknown, number>();
    for (let seed = 0; seed < SWEEP.seeds; seed++) {
      const run = prepare(by, seed);
      let threads = 7;
      for (let step = 0; step < SWEEP.steps; step++) {
        const [what, actual, expected] = act(run, () => threads++);
        assertEquals(actual, expected, `seed ${seed}, step ${step}, ${what}`);
        answers.set(actual, (answers.get(actual) ?? 0) + 1);
        compare(run);
        if (run.random.below(40) === 0) saveAndRestore(run);
      }
    }
    for (const answer of ["acquired", "blocked", "busy", "deadlock", "above-ceiling"]) {
      assert(answers.has(answer), answer);
    }
    const resumed = ["resumed: acquired", "resumed: blocked"];
    for (const answer of sweep({ quick: resumed, full: [...resumed, "resumed: timed-out"] })) {
      assert(answers.has(answer), answer);
    }
    for (const answer of ["owner-died", "not-owner", "overflow", "invalid", "timed-out", "idle"]) {
      assert(answers.has(answer), answer);
    }
  });
}

/** Goes on with other locks, that have been told all. */
function saveAndRestore(run: Run): void {
  const saved = run.locks.save();
  const told = new Map(run.told);
  run.locks = makeLocks(run.model, run.told, run.woken);
  run.locks.restore(structuredClone(saved));
  assertEquals(run.locks.save(), saved);
  assertEquals([run.told, run.woken], [told, []]);
}
