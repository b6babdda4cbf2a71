import Columnar
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
        let preparation = compiled.preparation(
            now: definition.createdAt, supervisor: control, resources: resources)
        let key = compiled.key(of: definition.id)
        let sink = resources.sink(
            of: compiled, key, pipelineName: definition.name, columns: preparation.output)
        self.init(
            key: key, pipelineName: definition.name, source: source,
            preparation: preparation,
            sink: sink, policy: compiled.sink.rollingPolicy, metastore: resources.metastore,
            clock: resources.clock,
            randomness: resources.randomness, pool: resources.pool, memory: resources.memory,
            trials: resources.trials, planted: resources.planted,
            log: resources.log,
            metrics: resources.meters.of(key))
    }
}

extension CompiledStatement {
    /// `now` is the moment its pipeline was made.
    func preparation(
        now: Instant, supervisor: RunnerControl, resources: PipelineResources
    ) -> RecordPreparation {
        RecordPreparation(
            schema: stream.schema, unknownFields: stream.unknownFields,
            transform: ProgramTransform(
                program: program, now: now, randomness: resources.randomness, supervisor: supervisor,
                memory: ExpressionMemory(ledger: resources.ledger)))
    }
}

extension PipelineResources {
    func sink(
        of statement: CompiledStatement, _ key: ProgressKey, pipelineName: String, columns: Schema
    ) -> any SinkTable {
        switch statement.sink.target {
        case .table:
            guard let sink = catalogSink(of: statement, pipelineName: pipelineName, columns: columns)
            else {
                preconditionFailure("a sink of a table has one")
            }
            return sink
        case .files(let place):
            return FileSink(
                definition: statement.sink, place: place, stream: statement.stream,
                pipelineName: pipelineName, key: key, columns: columns,
                services: FileServices(
                    store: store, metastore: metastore, pool: pool, ledger: ledger, clock: clock,
                    randomness: randomness, log: log, planted: planted))
        }
    }

    /// Nil for a sink of files.
    func catalogSink(
        of statement: CompiledStatement, pipelineName: String, columns: Schema
    ) -> CatalogSink? {
        guard let identifier = statement.sink.table else { return nil }
        return CatalogSink(
            catalog: catalog, definition: statement.sink, identifier: identifier, stream: statement.stream,
            pipelineName: pipelineName, columns: columns, tables: tables)
    }

    var publisher: FilePublisher { FilePublisher(metastore: metastore, store: store, log: log) }

    var tables: TableServices {
        TableServices(
            store: store, caches: caches, pool: pool, ledger: ledger, clock: clock, randomness: randomness,
            planted: planted)
    }
}
