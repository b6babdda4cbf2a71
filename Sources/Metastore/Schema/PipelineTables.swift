/// Sinks, pipelines, their progress and their counts.
enum PipelineTables {
    static let version1: [String] = []
}
