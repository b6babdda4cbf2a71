import Effects
import Scheduling
import Streams
import Telemetry

extension RunnerContext {
    /// Everything a compiled statement needs to run in this process.
    init(
        _ definition: PipelineDefinition, _ compiled: CompiledStatement, source: StreamLog,
        control: RunnerControl, resources: PipelineResources
    ) throws {
        let transform = ProgramTransform(
            program: compiled.program, now: definition.createdAt, randomness: resources.randomness,
            supervisor: control, memory: ExpressionMemory(ledger: resources.ledger))
        let preparation = RecordPreparation(
            schema: compiled.stream.schema, unknownFields: compiled.stream.unknownFields, transform: transform
        )
        let sink = CatalogSink(
            catalog: resources.catalog, definition: compiled.sink, stream: compiled.stream,
            pipelineName: definition.name, columns: preparation.output, tables: resources.tables)
        self.init(
            key: compiled.key(of: definition.id), pipelineName: definition.name, source: source,
            preparation: preparation,
            sink: sink, policy: compiled.sink.rollingPolicy, metastore: resources.metastore,
            clock: resources.clock,
            randomness: resources.randomness, pool: resources.pool, memory: resources.memory,
            trials: resources.trials, planted: resources.planted,
            log: resources.log,
            metrics: PipelineMetrics(
                registry: resources.metrics, pipeline: definition.name, sink: compiled.sink.name))
    }
}

extension PipelineResources {
    var tables: TableServices {
        TableServices(
            store: store, caches: caches, pool: pool, ledger: ledger, clock: clock, randomness: randomness)
    }
}
