import Columnar
package import JSONText
import Planner
import SQLSyntax

/// What a request may set for its statement: in its body, or with SET in front of the statement.
package struct StatementSettings: Sendable, Hashable {
    /// Nil for the server's own limit.
    package var timeoutMilliseconds: Int64?
    /// Bytes; nil for the server's own limit, which it cannot pass.
    package var queryMemoryBytes: Int?
    /// Brings back what the hosted service does: a LIMIT of 500 where there is none, and none above 10,000.
    package var hasHostedLimits = false
    /// Optimiser passes that do not run.
    package var disabledPasses: Set<String> = []
    /// Nil: the request's.
    package var namespace: [String]?

    package init() {}
}

/// A setting by its name: what it means, and how it is read and shown.
struct SettingDefinition: Sendable {
    let name: String
    let summary: String
    let show: @Sendable (StatementRequest) -> String
    /// False for a value it does not take.
    let set: @Sendable (String, inout StatementSettings) -> Bool
    let reset: @Sendable (inout StatementSettings) -> Void
    /// What it takes, where that can be listed.
    var choices: [String] = []

    static let all = [
        SettingDefinition(
            name: "namespace", summary: "where names without a namespace are looked up",
            show: { ($0.settings.namespace ?? $0.namespace).joined(separator: ".") },
            set: { text, settings in
                settings.namespace = text.split(separator: ".").map(String.init)
                return true
            }, reset: { $0.namespace = nil }),
        SettingDefinition(
            name: "timeout_ms",
            summary: "milliseconds until the statement is given up; 0 for the server's limit",
            show: { "\($0.settings.timeoutMilliseconds ?? 0)" },
            set: { text, settings in
                guard let value = Int64(text), (0...86_400_000).contains(value) else { return false }
                settings.timeoutMilliseconds = value == 0 ? nil : value
                return true
            }, reset: { $0.timeoutMilliseconds = nil }),
        SettingDefinition(
            name: "query_memory_bytes", summary: "memory the statement may take; 0 for the server's limit",
            show: { "\($0.settings.queryMemoryBytes ?? 0)" },
            set: { text, settings in
                guard let value = Int(text), value == 0 || value >= 1 << 20 else { return false }
                settings.queryMemoryBytes = value == 0 ? nil : value
                return true
            }, reset: { $0.queryMemoryBytes = nil }),
        SettingDefinition(
            name: "hosted_limits", summary: "a LIMIT of 500 where there is none, and none above 10,000",
            show: { $0.settings.hasHostedLimits ? "true" : "false" },
            set: { text, settings in
                guard let value = Bool(text.lowercased()) ?? ["on": true, "off": false][text.lowercased()]
                else { return false }
                settings.hasHostedLimits = value
                return true
            }, reset: { $0.hasHostedLimits = false }),
        SettingDefinition(
            name: "disabled_passes", summary: "optimiser passes that do not run, with commas between",
            show: { $0.settings.disabledPasses.sorted().joined(separator: ",") },
            set: { text, settings in
                let names = Set(text.split { $0 == "," || $0 == " " }.map(String.init))
                guard names.isSubset(of: Optimizer.passNames) else { return false }
                settings.disabledPasses = names
                return true
            }, reset: { $0.disabledPasses = [] }, choices: Optimizer.passNames.sorted()),
    ]

    /// - Errors: `SES-108` with the nearest name.
    static func find(_ name: String, at position: TextPosition? = nil) throws -> SettingDefinition {
        if let found = all.first(where: { $0.name == name.lowercased() }) { return found }
        throw SessionsError(
            .invalidSetting, "there is no such setting", ["setting": name], at: position?.place,
            hint: NearestName.find(name, among: all.map(\.name)).map { "did you mean \($0)?" }
                ?? "settings are \(all.map(\.name).joined(separator: ", "))")
    }

    func apply(_ text: String, to settings: inout StatementSettings, at position: TextPosition? = nil) throws
    {
        guard set(text, &settings) else {
            throw SessionsError(
                .invalidSetting, "the setting does not take this value", ["setting": name, "value": text],
                at: position?.place,
                hint: "\(name): \(summary)"
                    + (choices.isEmpty ? "" : "; there are \(choices.joined(separator: ", "))"))
        }
    }
}

extension StatementRequest {
    /// Reads the body's `settings`.
    ///
    /// - Errors: `SES-108`.
    package mutating func apply(settings object: JSONObject) throws {
        for (name, value) in object.members {
            let definition = try SettingDefinition.find(name)
            switch value {
            case .null: definition.reset(&settings)
            case .string(let text): try definition.apply(text, to: &settings)
            case .boolean(let flag): try definition.apply(flag ? "true" : "false", to: &settings)
            case .integer(let number): try definition.apply("\(number)", to: &settings)
            case .array(let elements):
                try definition.apply(elements.compactMap(\.string).joined(separator: ","), to: &settings)
            default: try definition.apply("\(value)", to: &settings)
            }
        }
    }

    /// SET or RESET.
    mutating func apply(_ statement: StatementSyntax) throws {
        switch statement {
        case .set(let setting):
            let definition = try SettingDefinition.find(setting.name.text, at: setting.name.position)
            if setting.value.uppercased() == "DEFAULT" { return definition.reset(&settings) }
            try definition.apply(setting.value, to: &settings, at: setting.name.position)
        case .reset(let name?):
            try SettingDefinition.find(name.text, at: name.position).reset(&settings)
        case .reset(nil): settings = StatementSettings()
        default: preconditionFailure("only SET and RESET change settings")
        }
    }
}

/// SHOW of settings.
enum SettingStatements {
    /// - Errors: `SES-108`.
    static func settings(of request: StatementRequest, called name: Identifier?) throws -> Batch {
        guard let name else { return settings(of: request) }
        return batch([try SettingDefinition.find(name.text, at: name.position)], request)
    }

    /// All of them, as they are for this request: there is no session that would remember.
    static func settings(of request: StatementRequest) -> Batch { batch(SettingDefinition.all, request) }

    private static func batch(_ settings: [SettingDefinition], _ request: StatementRequest) -> Batch {
        CatalogStatements.texts(
            ["name", "value", "description"], settings.map { [$0.name, $0.show(request), $0.summary] })
    }
}
