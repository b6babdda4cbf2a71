import Buckets
import Identity
import JSONText
import Wire

/// `r2/buckets/{bucket}/cors`, `lifecycle`, `lock`, `domains/managed`; `r2/metrics`; `r2/temp-access-credentials`.
enum BucketSettingRoutes {
    static func add(to routes: inout ManagementRoutes) {
        for setting in [BucketSettings.Name.cors, .lifecycle, .lock] {
            let path = "r2/buckets/{bucket}/\(setting.rawValue)"
            routes.add("GET", path) { call in
                let name = try bucket(call, .storageRead)
                let document = try call.services.buckets.settings(ofBucket: name).documents[setting]
                return Envelope.success(document ?? ["rules": []])
            }
            routes.add("PUT", path) { call in
                let name = try bucket(call, .storageWrite)
                let body = try await call.request.jsonObject()
                try body.refuseUnknown(besides: ["rules"])
                let isEmpty = body["rules"]?.array?.isEmpty ?? false
                try await call.services.buckets.set(setting, of: name, to: isEmpty ? nil : .object(body))
                return Envelope.success([:])
            }
            routes.add("DELETE", path) { call in
                let name = try bucket(call, .storageWrite)
                try await call.services.buckets.set(setting, of: name, to: nil)
                return Envelope.success([:])
            }
        }
        routes.add("GET", "r2/buckets/{bucket}/domains/managed") { call in
            try publicAccess(call, try bucket(call, .storageRead))
        }
        routes.add("PUT", "r2/buckets/{bucket}/domains/managed") { call in
            let name = try bucket(call, .storageWrite)
            let body = try await call.request.jsonObject()
            guard let isOn = body["enabled"]?.boolean else {
                throw ManagementError(
                    .invalidBody, "enabled must be true or false", ["member": "enabled"])
            }
            try await call.services.buckets.set(.isPublic, of: name, to: isOn ? true : nil)
            return try publicAccess(call, name)
        }
        routes.add("GET", "r2/metrics", metrics)
        routes.add("POST", "r2/temp-access-credentials", temporaryCredentials)
    }

    private static func bucket(_ call: ManagementCall, _ permission: Permission) throws -> String {
        let name = try call.request.parameter("bucket")
        try call.principal.require(permission, on: .bucket(name))
        return name
    }

    /// The bucket's own host name is the S3 endpoint here.
    private static func publicAccess(_ call: ManagementCall, _ name: String) throws -> Response {
        let settings = try call.services.buckets.settings(ofBucket: name)
        return Envelope.success([
            "bucketId": .string(name), "domain": .string("\(call.services.publicS3URL)/\(name)"),
            "enabled": .boolean(settings.isPublic),
        ])
    }

    private static func metrics(_ call: ManagementCall) throws -> Response {
        try call.principal.require(.storageRead)
        guard let unfinished = call.services.buckets.unfinished else {
            throw ManagementError(
                .notCounted, "what an external store holds is counted there, not here",
                hint: "see the metrics of the bucket that --store names")
        }
        let buckets = call.services.buckets.listBuckets()
        let published: JSONValue = [
            "objects": .integer(Int64(buckets.reduce(0) { $0 + ($1.objectCount ?? 0) })),
            "payloadSize": .integer(buckets.reduce(0) { $0 + ($1.byteCount ?? 0) }), "metadataSize": 0,
        ]
        let uploaded: JSONValue = [
            "objects": .integer(Int64(unfinished.uploads)), "payloadSize": .integer(unfinished.bytes),
            "metadataSize": 0,
        ]
        let none: JSONValue = ["objects": 0, "payloadSize": 0, "metadataSize": 0]
        return Envelope.success([
            "standard": ["published": published, "uploaded": uploaded],
            "infrequentAccess": ["published": none, "uploaded": none],
        ])
    }

    /// The caller must be the parent, or may administer.
    private static func temporaryCredentials(_ call: ManagementCall) async throws -> Response {
        let body = try await call.request.jsonObject()
        let parent = try body.requiredString("parentAccessKeyId")
        if parent != call.principal.tokenID { try call.principal.require(.admin) }
        let name = try body.requiredString("permission")
        guard let permission = TemporaryCredential.Permission(rawValue: name) else {
            throw ManagementError(
                .invalidBody, "no such permission", ["permission": name],
                hint: "permissions are "
                    + TemporaryCredential.Permission.allCases.map(\.rawValue).joined(separator: ", "))
        }
        // The SDK writes it as a float.
        let seconds = body["ttlSeconds"].flatMap { $0.integer ?? $0.double.flatMap { Int64(exactly: $0) } }
        guard let seconds, (1...TemporaryCredential.longestSeconds).contains(seconds) else {
            throw ManagementError(
                .invalidBody, "ttlSeconds is a whole number of seconds, up to seven days",
                ["member": "ttlSeconds"])
        }
        let wanted = TemporaryCredential.Request(
            bucket: try body.requiredString("bucket"), permission: permission, seconds: seconds,
            prefixes: try texts(body, "prefixes"), objects: try texts(body, "objects"))
        let made = try await call.services.tokens.temporaryCredential(wanted, parent: parent)
        return Envelope.success([
            "accessKeyId": .string(parent), "secretAccessKey": .string(made.secret),
            "sessionToken": .string(made.sessionToken),
        ])
    }

    private static func texts(_ body: JSONObject, _ member: String) throws -> [String] {
        guard let value = body[member], !value.isNull else { return [] }
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
            throw ManagementError(.invalidBody, "a member must be an array of strings", ["member": member])
        }
        return list.compactMap(\.string)
    }
}
