/**
 * The instruction clock and what is due when.
 *
 * @module
 */

import { Random, type RandomState } from "../util/random.ts";

/** Interrupt lines of the machine. */
export const InterruptLine = {
  /** Periodic timer. */
  TIMER: 0,
  /** Completion of a page-in. */
  IO: 1,
  /** Raised by the host: see `Machine.injectInterrupt`. */
  EXTERNAL: 2,
  /** The one-shot timer: see {@linkcode Clock.alarm}. */
  ALARM: 3,
} as const;

/** An interrupt that is due at some time. */
export interface DueInterrupt {
  /** Clock value. */
  readonly time: number;
  /** Interrupt line. */
  readonly line: number;
}

/** Everything a clock keeps, but for the instructions executed. */
export interface ClockRecord {
  /** Idle time skipped. */
  readonly skipped: number;
  /** When the timer ticks next. */
  readonly nextTick: number;
  /** See {@linkcode Clock.alarm}. */
  readonly alarm: number;
  /** See {@linkcode Clock.alarmRaised}. */
  readonly alarmRaised: boolean;
  /** Interrupts due, the first first. */
  readonly due: readonly DueInterrupt[];
  /** Where the generator of timer periods is; `null` if they are all the same. */
  readonly random: RandomState | null;
}

/** Time, in guest instructions executed plus idle time skipped, and the interrupts it brings. */
export class Clock {
  /** Instructions between timer interrupts. */
  readonly period: number;
  readonly #executed: () => number;
  readonly #random: Random | null;
  #skipped = 0;
  #nextTick: number;
  #due: DueInterrupt[] = [];
  #alarm = Infinity;
  #alarmRaised = false;

  /**
   * A clock over the CPU's instruction count, with a timer interrupt every `period` instructions.
   * With a `seed` other than 0 each period is up to an eighth longer or shorter, at random: another
   * seed is another interleaving. Without `ticks` there is no periodic timer.
   */
  constructor(
    executed: () => number,
    options: { period: number; seed?: number; ticks?: boolean },
  ) {
    const { period, seed = 0, ticks = true } = options;
    this.#executed = executed;
    this.period = period;
    this.#random = seed === 0 ? null : new Random(seed);
    this.#nextTick = ticks ? this.#step() : Infinity;
  }

  /** Length of the next period. */
  #step(): number {
    const spread = Math.floor(Math.min(this.period, 2 ** 32) / 8);
    return this.period + ((this.#random?.below(2 * spread + 1) ?? spread) - spread);
  }

  /** The time now. */
  get now(): number {
    return this.#executed() + this.#skipped;
  }

  /** Time skipped because there was nothing to run. */
  get skipped(): number {
    return this.#skipped;
  }

  /** When the next interrupt is due. */
  get next(): number {
    const first = this.#due[0];
    const own = Math.min(this.#nextTick, this.#alarm);
    return first === undefined ? own : Math.min(first.time, own);
  }

  /** When the one-shot timer raises its interrupt, `Infinity` if it does not. */
  get alarm(): number {
    return this.#alarm;
  }

  /** Whether that interrupt has been raised and not been acknowledged: no other one comes then. */
  get alarmRaised(): boolean {
    return this.#alarmRaised;
  }

  /** Sets the one-shot timer; while its interrupt is raised nothing happens. */
  setAlarm(at: number): void {
    if (!this.#alarmRaised) this.#alarm = at;
  }

  /** The interrupt of the one-shot timer has been taken. */
  acknowledgeAlarm(): void {
    this.#alarmRaised = false;
  }

  /** When the next interrupt other than the periodic timer is due, or `null`. */
  get nextDevice(): number | null {
    return this.#due[0]?.time ?? null;
  }

  /** Has an interrupt raised at a time; at once if that has passed. */
  schedule(due: DueInterrupt): void {
    let i = this.#due.length;
    while (i > 0 && (this.#due[i - 1]?.time ?? 0) > due.time) i--;
    this.#due.splice(i, 0, due);
  }

  /** Everything there is to know. */
  save(): ClockRecord {
    return {
      skipped: this.#skipped,
      nextTick: this.#nextTick,
      alarm: this.#alarm,
      alarmRaised: this.#alarmRaised,
      due: this.#due.slice(),
      random: this.#random?.save() ?? null,
    };
  }

  /** Takes over a record, of a clock of the same period and seed. */
  restore(record: ClockRecord): void {
    this.#skipped = record.skipped;
    this.#nextTick = record.nextTick;
    this.#alarm = record.alarm;
    this.#alarmRaised = record.alarmRaised;
    this.#due = record.due.slice();
    if (record.random !== null) this.#random?.restore(record.random);
  }

  /** Lines whose time has come, in order of time; each is returned once. */
  takeDue(): number[] {
    const now = this.now;
    const lines: number[] = [];
    while (this.#due[0] !== undefined && this.#due[0].time <= now) {
      lines.push(this.#due[0].line);
      this.#due.shift();
    }
    if (this.#alarm <= now) {
      lines.push(InterruptLine.ALARM);
      this.#alarm = Infinity;
      this.#alarmRaised = true;
    }
    if (this.#nextTick <= now) {
      lines.push(InterruptLine.TIMER);
      while (this.#nextTick <= now) this.#nextTick += this.#step();
    }
    return lines;
  }

  /**
   * Moves on to the first interrupt due at or after `time`, without running anything. Timer ticks
   * before that are lost.
   */
  skipTo(time: number): void {
    if (this.#nextTick < time) {
      this.#nextTick = this.#random === null
        ? this.#nextTick + Math.ceil((time - this.#nextTick) / this.period) * this.period
        : time + this.#random.below(Math.min(this.period, 2 ** 32));
    }
    const target = this.next;
    if (target > this.now) this.#skipped += target - this.now;
  }
}
