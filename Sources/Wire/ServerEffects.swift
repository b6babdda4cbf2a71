package import Effects
package import Telemetry

/// What a server takes from its surroundings.
package struct ServerEffects: Sendable {
    package var clock: any Clock
    package var randomness: any Randomness
    package var log: Log
    package var metrics: MetricsRegistry

    package init(
        clock: any Clock = LiveClock(), randomness: any Randomness = LiveRandomness(), log: Log = Log(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        self.clock = clock
        self.randomness = randomness
        self.log = log
        self.metrics = metrics
    }
}
