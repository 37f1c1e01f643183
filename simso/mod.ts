/**
 * Files of SimSo 0.8 (Chéramy, Hladik and Déplanche, 2014), a simulator of real-time scheduling, as
 * workloads: {@linkcode readSimso}.
 *
 * @module
 */
export { readSimso, type SimsoFile } from "./reader.ts";
