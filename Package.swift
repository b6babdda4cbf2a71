// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The floor plan. ARCHITECTURE.md has the same table in prose; Scripts/check-imports compares the two with every
// `import` line. `uses` lists direct imports only, and `testsUse` what a room's tests import beyond those.
struct Room {
    var name: String
    var uses: [String]
    var testsUse: [String] = []
    var isTested = true
}

let rooms: [Room] = [
    // Layer 0
    Room(name: "Faults", uses: [], isTested: false),
    Room(name: "Effects", uses: []),
    Room(name: "Octets", uses: ["CChecksum"]),
    Room(name: "JSONText", uses: ["Faults"]),
    Room(name: "XMLText", uses: ["Faults"], isTested: false),
    Room(name: "Telemetry", uses: ["Effects", "JSONText"]),
    // Layer 1
    Room(
        name: "Columnar", uses: ["Faults", "CArrowData"],
        testsUse: ["Effects"]),
    Room(name: "Kernels", uses: ["Faults", "Effects", "Octets", "JSONText", "Columnar", "Signing", "CRE2"]),
    Room(name: "Signing", uses: ["Faults", "Effects", "Octets", "COpenSSL"]),
    Room(name: "HTTPClient", uses: ["Faults", "Telemetry", "CCurl"]),
    // Layer 2
    Room(name: "Blobs", uses: ["Faults", "Effects"]),
    Room(
        name: "Metastore",
        uses: [
            "Faults", "Effects", "Octets", "JSONText", "Telemetry", "Scheduling", "CSQLite", "CPostgres",
        ]),
    Room(name: "Scheduling", uses: ["Faults", "Effects", "Telemetry"]),
    // Layer 3
    Room(
        name: "Buckets",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Signing", "Blobs", "Scheduling", "CDisk",
        ]),
    Room(
        name: "FileFormats",
        uses: [
            "Faults", "Effects", "Octets", "JSONText", "Columnar", "Blobs", "CArrowData",
            "CArrowParquet", "CCodecs", "CSimdjson",
        ]),
    Room(name: "Iceberg", uses: ["Faults", "Effects", "Octets", "JSONText", "Columnar"]),
    Room(
        name: "S3Client",
        uses: [
            "Faults", "Effects", "Octets", "JSONText", "XMLText", "Telemetry", "Signing", "HTTPClient",
            "Blobs",
            "Scheduling",
        ]),
    // Layer 4
    Room(
        name: "Tables",
        uses: [
            "Faults", "Effects", "JSONText", "Columnar", "Kernels", "Blobs", "Scheduling", "FileFormats",
            "Iceberg",
        ]),
    Room(name: "SQLSyntax", uses: ["Faults"]),
    Room(name: "Plans", uses: ["Faults", "Effects", "JSONText", "Columnar", "Kernels"]),
    // Layer 5
    Room(
        name: "Catalogs",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Signing", "Blobs", "Metastore",
            "Scheduling", "Iceberg", "Tables",
        ],
        testsUse: ["Columnar"]),
    Room(
        name: "Planner",
        uses: ["Faults", "Effects", "Columnar", "Kernels", "SQLSyntax", "Plans"],
        testsUse: ["Iceberg", "JSONText"]),
    Room(
        name: "Execution",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "Columnar", "Kernels", "Blobs", "Scheduling",
            "FileFormats",
            "Iceberg", "Tables", "Plans",
        ],
        testsUse: ["JSONText"]),
    Room(
        name: "Streams",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Columnar", "Metastore", "Scheduling",
            "FileFormats",
        ]),
    // Layer 6
    Room(
        name: "Sessions",
        uses: [
            "Faults", "Effects", "Telemetry", "JSONText", "Columnar", "Kernels", "Blobs", "Scheduling",
            "FileFormats",
            "Iceberg", "Tables", "SQLSyntax", "Plans", "Catalogs", "Planner", "Execution",
        ],
        testsUse: ["Metastore"]),
    Room(
        name: "Pipelines",
        uses: [
            "Faults", "Effects", "Telemetry", "JSONText", "Columnar", "Kernels", "Blobs", "Metastore",
            "Scheduling", "FileFormats", "Iceberg", "Tables", "SQLSyntax", "Plans", "Catalogs", "Planner",
            "Execution", "Streams",
        ]),
    Room(
        name: "Identity",
        uses: ["Faults", "Effects", "Octets", "JSONText", "Signing", "Metastore"]),
    // Layer 7
    Room(
        name: "Wire",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Scheduling", "Identity", "CMicrohttpd",
        ]),
    Room(
        name: "S3API",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Scheduling", "Signing", "Blobs",
            "Buckets", "HTTPClient", "S3Client",
            "Identity", "Wire", "XMLText",
        ]),
    Room(
        name: "CatalogAPI",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Columnar", "Signing", "FileFormats",
            "Iceberg", "Tables", "Catalogs", "Identity", "Wire", "XMLText",
        ],
        testsUse: ["Blobs", "Metastore", "Scheduling"]),
    Room(
        name: "QueryAPI",
        uses: [
            "Faults", "Telemetry", "JSONText", "Columnar", "FileFormats", "Scheduling",
            "Identity",
            "Wire",
        ]),
    Room(
        name: "IngestAPI",
        uses: [
            "Faults", "Effects", "Telemetry", "JSONText", "Signing", "Scheduling", "FileFormats", "Streams",
            "Identity",
            "Wire",
        ],
        testsUse: ["Columnar", "Metastore"]),
    Room(
        name: "ManagementAPI",
        uses: [
            "Faults", "Effects", "Telemetry", "JSONText", "Buckets", "Iceberg", "Tables", "Catalogs",
            "Streams", "Pipelines", "Sessions", "Identity", "Wire",
        ],
        testsUse: ["Metastore", "Scheduling", "Signing"]),
    // Layer 8
    Room(
        name: "Node",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Columnar", "Signing", "Metastore",
            "Scheduling",
            "HTTPClient", "Blobs", "Buckets", "S3Client",
            "FileFormats", "Tables", "Catalogs", "Streams", "Execution", "Sessions", "Pipelines", "Identity",
            "Wire",
            "S3API",
            "CatalogAPI", "QueryAPI", "IngestAPI", "ManagementAPI",
        ]),
    Room(
        name: "Commands",
        uses: [
            "Faults", "Effects", "Octets", "Telemetry", "JSONText", "Metastore", "Scheduling", "HTTPClient",
            "FileFormats", "Node", "CTOML",
        ]),
    Room(name: "TestKit", uses: ["Effects", "Blobs"], isTested: false),
    Room(name: "StreamsKit", uses: ["Effects", "Streams"], isTested: false),
]

// `FIRN_ROOMS=Kernels,Tables swift test` builds only these rooms and what they use: an edit to a test run in seconds.
let wanted: Set<String>? = Context.environment["FIRN_ROOMS"].map { list in
    let chosen = list.split(separator: ",").map(String.init)
    var open = chosen + ["TestKit"] + rooms.filter { chosen.contains($0.name) }.flatMap(\.testsUse)
    var seen = Set<String>()
    while let name = open.popLast() {
        guard seen.insert(name).inserted else { continue }
        open += rooms.first { $0.name == name }?.uses ?? []
    }
    if seen.contains("Streams") { seen.insert("StreamsKit") }
    return seen
}
let firstChosen = Set(Context.environment["FIRN_ROOMS"]?.split(separator: ",").map(String.init) ?? [])
func isWanted(_ name: String) -> Bool { wanted?.contains(name) ?? true }

// Arrow C++ comes from the wheel that Scripts/bootstrap unpacks below .deps; without it, from the system's packages.
let arrow = Context.packageDirectory + "/.deps/arrow"
let hasWheel = FileManager.default.fileExists(atPath: arrow + "/lib")
let arrowHeaders: [CXXSetting] = hasWheel ? [.unsafeFlags(["-isystem", arrow + "/include"])] : []
let arrowLibraries: [LinkerSetting] =
    hasWheel
    ? [.unsafeFlags(["-L" + arrow + "/lib", "-Xlinker", "-rpath", "-Xlinker", arrow + "/lib"])] : []

let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .unsafeFlags(
        ["-enforce-exclusivity=unchecked", "-cross-module-optimization"], .when(configuration: .release)),
]
let cSettings: [CSetting] = [.unsafeFlags(["-O3"], .when(configuration: .release))]
let cxxSettings: [CXXSetting] = [.unsafeFlags(["-O3"], .when(configuration: .release))]

// Link order matters: libparquet exports a whole OpenSSL and simdjson of its own, so everything it would shadow comes
// before it. `Tests/NodeTests/LinkOrderTests` and the check at start-up hold this.
let libraries: [Target] = [
    .target(name: "CArrowData"),
    .target(name: "CChecksum", cSettings: cSettings),
    .target(name: "CDisk"),
    .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(
        name: "CSimdjson", cxxSettings: cxxSettings, linkerSettings: [.linkedLibrary("simdjson")]),
    .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    // libpq brings the same OpenSSL as COpenSSL, which stands before it.
    .target(name: "CPostgres", linkerSettings: [.linkedLibrary("pq")]),
    .target(name: "CMicrohttpd", linkerSettings: [.linkedLibrary("microhttpd"), .linkedLibrary("gnutls")]),
    .target(name: "CTOML", cxxSettings: cxxSettings),
    .target(name: "CRE2", cxxSettings: cxxSettings, linkerSettings: [.linkedLibrary("re2")]),
    .target(
        name: "CCodecs", cSettings: cSettings, linkerSettings: [.linkedLibrary("zstd"), .linkedLibrary("z")]),
    .target(
        name: "CArrowParquet", cxxSettings: arrowHeaders + cxxSettings,
        linkerSettings: arrowLibraries + [
            .linkedLibrary("curl"), .linkedLibrary("pq"), .linkedLibrary("ssl"),
            .linkedLibrary("crypto"), .linkedLibrary("simdjson"),
            .linkedLibrary("zstd"), .linkedLibrary("z"), .linkedLibrary("parquet"), .linkedLibrary("arrow"),
        ]),
]

func dependencies(_ names: [String]) -> [Target.Dependency] { names.map { .byName(name: $0) } }

let targets: [Target] = rooms.filter { isWanted($0.name) }.flatMap { room -> [Target] in
    let isKit = ["TestKit", "StreamsKit"].contains(room.name)
    let main = Target.target(
        name: room.name, dependencies: dependencies(room.uses), path: isKit ? "Tests/\(room.name)" : nil,
        swiftSettings: swiftSettings)
    guard room.isTested, wanted == nil || firstChosen.contains(room.name) else { return [main] }
    // Files that other implementations wrote, read by path.
    let fixtures = "Tests/\(room.name)Tests/Fixtures"
    let hasFixtures = FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + fixtures)
    let usesLog = room.name == "Streams" || room.uses.contains("Streams")
    let kits = ["TestKit"] + (usesLog ? ["StreamsKit"] : [])
    let tests = Target.testTarget(
        name: room.name + "Tests", dependencies: dependencies([room.name] + kits + room.uses + room.testsUse),
        exclude: hasFixtures ? ["Fixtures"] : [], swiftSettings: swiftSettings)
    return [main, tests]
}
let usedLibraries = libraries.filter { library in
    wanted == nil || rooms.contains { isWanted($0.name) && $0.uses.contains(library.name) }
}
let executables: [Target] =
    isWanted("Commands")
    ? [.executableTarget(name: "firn", dependencies: ["Commands"], swiftSettings: swiftSettings)] : []

// What libFuzzer drives; only `Scripts/fuzz` asks for it, which links it with libFuzzer's own main.
let fuzzers: [Target] =
    Context.environment["FIRN_FUZZERS"] == nil
    ? []
    : [
        .target(
            name: "FuzzTarget",
            dependencies: dependencies(["Columnar", "Effects", "JSONText", "Planner", "Plans", "SQLSyntax"]),
            path: "Tests/Fuzz", swiftSettings: swiftSettings)
    ]
let fuzzLibrary: [Product] =
    fuzzers.isEmpty ? [] : [.library(name: "FuzzTarget", type: .static, targets: ["FuzzTarget"])]

let package = Package(
    name: "firn",
    products: (executables.isEmpty ? [] : [.executable(name: "firn", targets: ["firn"])]) + fuzzLibrary,
    targets: usedLibraries + targets + executables + fuzzers,
    cxxLanguageStandard: .cxx20
)
