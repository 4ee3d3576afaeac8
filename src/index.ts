/** Keyhawk as a library: bytes of CloudTrail in, alerts out. Everything else is private. */
export { detectors } from "../detectors/index.ts";
export { readEnvelope } from "./cloudtrail/envelope.ts";
export type { KmsEvent, KmsKey, Principal } from "./cloudtrail/event.ts";
export type { Platform, Reading, ReadOptions, Rejected } from "./cloudtrail/records.ts";
export { Config, defaultConfig, loadConfig } from "./config.ts";
export { Alert, severities, type Severity, severityOf } from "./detection/alert.ts";
export { defineDetector, type Detector, type Finding } from "./detection/detector.ts";
export { Engine, type EngineOptions, type EngineOutput } from "./detection/engine.ts";
export { configureDetectors, detectionOptions } from "./detection/options.ts";
export { type Pipeline, runPipeline } from "./pipeline.ts";
export { nodePlatform } from "./sources/node-platform.ts";
export type { Batch, Source } from "./sources/source.ts";
export type { StateStore } from "./store/store.ts";
