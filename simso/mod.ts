/**
 * Files of SimSo 0.8 (Chéramy, Hladik and Déplanche, 2014), a simulator of real-time scheduling, as
 * workloads.
 *
 * ```ts
 * import { createPolicy, simulate } from "@trapline/trapline/sched";
 * import { readSimso } from "@trapline/trapline/simso";
 *
 * const { workload, simulation } = readSimso(`
 *   <simulation duration="20000000" cycles_per_ms="1000000" etm="wcet">
 *     <sched class="simso.schedulers.EDF"/>
 *     <caches/>
 *     <processors><processor name="CPU 1" id="1"/></processors>
 *     <tasks>
 *       <task name="T1" id="1" period="5" deadline="5" WCET="2" abort_on_miss="no"
 *             instructions="0" mix="0.5" base_cpi="1"/>
 *     </tasks>
 *   </simulation>`);
 * for (const event of simulate(workload, createPolicy("edf"), simulation)) console.log(event);
 * ```
 *
 * @module
 */
export { readSimso, type SimsoFile } from "./reader.ts";
