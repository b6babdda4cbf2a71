import Faults
import Identity
import Testing

@Suite("Scopes")
struct ScopeTests {
    @Test(
        "a scope prints as it was written",
        arguments: [
            "admin", "storage:read", "catalog:manage", "catalog:read:bucket=lake,table=web.clicks",
            "storage:write:bucket=lake,prefix=raw/a=b:c", "pipelines:send:stream=0f",
        ])
    func roundTrip(text: String) throws {
        #expect(try Scope(parsing: text).description == text)
    }

    @Test(
        "what is no scope is refused",
        arguments: [
            "", "root", "storage", "storage:", "storage:read:", "storage:read:bucket", "storage:read:bucket=",
            "storage:read:bucket=a,bucket=b", "storage:read:owner=a", "admin:", "catalog:read:bucket=a,",
        ])
    func refuses(text: String) {
        #expect { try Scope(parsing: text) } throws: { ($0 as? IdentityError)?.code == .invalidScope }
    }

    @Test(
        "a limit that means nothing for its permission makes no token",
        arguments: [
            "pipelines:send:bucket=lake", "admin:bucket=lake", "storage:read:table=a.b", "sql:read:prefix=a",
            "catalog:read:stream=a", "pipelines:manage:namespace=a",
        ])
    func strangeLimits(text: String) throws {
        let scope = try Scope(parsing: text)
        #expect { try scope.checkLimits() } throws: { ($0 as? IdentityError)?.code == .invalidScope }
    }

    @Test(
        "a limit that no table can meet makes no token, and the hint is one that can",
        arguments: [
            ("catalog:read:table=clicks", "table=NAMESPACE.clicks"),
            ("sql:read:bucket=lake,table=clicks", "table=NAMESPACE.clicks"),
            ("catalog:write:namespace=web,table=clicks", "table=web.clicks"),
            ("catalog:write:table=web.", "table=NAMESPACE.web"),
            ("sql:write:table=.clicks", "table=NAMESPACE.clicks"),
            ("sql:read:namespace=web,table=other.clicks", "the table alone"),
            ("sql:read:namespace=web,table=webs.clicks", "the table alone"),
        ])
    func tablesOfNothing(text: String, hint: String) throws {
        let scope = try Scope(parsing: text)
        let error = #expect(throws: IdentityError.self) { try scope.checkLimits() }
        #expect(
            error?.code == .invalidScope && error?.hint?.contains(hint) == true, "\(error?.message ?? "")")
        for good in ["sql:read:namespace=web,table=web.raw.clicks", "catalog:read:table=a.b"] {
            try Scope(parsing: good).checkLimits()
        }
    }

    @Test("every limit a permission has is taken")
    func ownLimits() throws {
        for permission in Permission.allCases {
            for limit in permission.limits { try Scope(permission, [limit: "x.y"]).checkLimits() }
        }
    }

    @Test("two spellings of a name are two names")
    func spellings() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let cases: [(String, Resource, Resource)] = [
            ("catalog:write:namespace=", .table("lake", [composed], "t"), .table("lake", [decomposed], "t")),
            (
                "catalog:write:namespace=", .namespace("lake", [composed, "x"]),
                .namespace("lake", [decomposed, "x"])
            ),
            ("catalog:write:table=t.", .table("lake", ["t"], composed), .table("lake", ["t"], decomposed)),
            ("storage:write:object=", .object("lake", composed), .object("lake", decomposed)),
            ("storage:write:prefix=", .object("lake", composed), .object("lake", decomposed)),
        ]
        for (scope, own, other) in cases {
            let scope = try Scope(parsing: scope + composed)
            #expect(scope.allows(scope.permission, on: own) && !scope.allows(scope.permission, on: other))
        }
        let inside = Principal(
            tokenID: "t", scopes: [try Scope(parsing: "catalog:read:table=\(composed).t")])
        #expect(inside.mayKnow(ofNamespace: [composed], inBucket: "lake", .catalogRead))
        #expect(!inside.mayKnow(ofNamespace: [decomposed], inBucket: "lake", .catalogRead))
    }

    @Test("limits must all hold, and a missing part of the resource fails them")
    func limits() throws {
        let principal = Principal(
            tokenID: "t",
            scopes: [
                try Scope(parsing: "catalog:write:bucket=lake,namespace=web"),
                try Scope(parsing: "storage:read:bucket=lake,prefix=raw/"),
            ])
        #expect(principal.allows(.catalogRead, on: .table("lake", ["web"], "clicks")))
        #expect(principal.allows(.catalogWrite, on: .namespace("lake", ["web", "eu"])))
        #expect(!principal.allows(.catalogWrite, on: .namespace("lake", ["website"])))
        #expect(!principal.allows(.catalogWrite, on: .namespace("pond", ["web"])))
        #expect(!principal.allows(.catalogManage, on: .namespace("lake", ["web"])))
        #expect(!principal.allows(.catalogRead, on: .bucket("lake")))
        #expect(principal.allows(.storageRead, on: .object("lake", "raw/1")))
        #expect(!principal.allows(.storageRead, on: .object("lake", "rawer")))
        #expect(!principal.allows(.storageWrite, on: .object("lake", "raw/1")))
        #expect(principal.allowsSomewhere(.storageRead))
        #expect(!principal.allowsSomewhere(.sqlRead))
    }

    @Test("a refusal names the missing scope")
    func refusal() {
        let principal = Principal(tokenID: "t", scopes: [])
        #expect {
            try principal.require(.sqlRead, on: .bucket("lake"))
        } throws: { error in
            guard let error = error as? IdentityError else { return false }
            return error.code == .denied && error.message.contains("sql:read")
                && error.message.contains("lake")
        }
    }

    @Test("an administrator may everything")
    func administrator() {
        let principal = Principal(tokenID: "t", scopes: [Scope(.admin)])
        for permission in Permission.allCases {
            #expect(principal.allows(permission, on: .account))
            #expect(principal.allows(permission, on: .stream("x")))
        }
    }

    @Test("who may read a part of a namespace may know of it and of those around it")
    func mayKnow() throws {
        func principal(_ scope: String) throws -> Principal {
            Principal(tokenID: "t", scopes: [try Scope(parsing: scope)])
        }
        let nested = try principal("sql:read:bucket=lake,namespace=a.b")
        for (levels, expected) in [
            (["a"], true), (["a", "b"], true), (["a", "b", "c"], true), (["a", "x"], false), (["ab"], false),
        ] {
            #expect(nested.mayKnow(ofNamespace: levels, inBucket: "lake", .sqlRead) == expected)
            #expect(!nested.mayKnow(ofNamespace: levels, inBucket: "sea", .sqlRead))
            #expect(!nested.mayKnow(ofNamespace: levels, inBucket: "lake", .catalogRead))
        }
        let table = try principal("sql:read:table=web.clicks")
        #expect(table.mayKnow(ofNamespace: ["web"], inBucket: "lake", .sqlRead))
        #expect(!table.mayKnow(ofNamespace: ["web", "clicks"], inBucket: "lake", .sqlRead))
    }
}
