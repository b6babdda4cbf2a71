import Catalogs
import Faults
import Iceberg
import JSONText
import Wire

/// The specification's error body, and which of its exception names each fault has.
///
///     {"error": {"message": "the table does not exist (table: web.clicks)", "type": "NoSuchTableException", "code": 404}}
enum CatalogErrorBody {
    static func response(to error: any Error) -> Response {
        let (status, body) = content(of: error)
        return response(status: status, body)
    }

    static func response(status: Int, _ body: JSONValue) -> Response {
        var response = Response.json(body, status: status)
        response.headers = response.headers.withFaultHints(status: status)
        return response
    }

    static func content(of error: any Error) -> (status: Int, body: JSONValue) {
        let (status, type) = classify(error)
        let body: JSONValue = [
            "error": [
                "message": .string(Envelope.publicMessage(of: error)), "type": .string(type),
                "code": JSONValue(status),
            ]
        ]
        return (status, body)
    }

    static func classify(_ error: any Error) -> (status: Int, type: String) {
        if let error = error as? CatalogError, let exact = exact(error.code) { return exact }
        if (error as? CatalogAPIError)?.code == .noSuchFunction { return (404, "NoSuchFunctionException") }
        switch (error as? IcebergError)?.kind {
        case .conflict: return (409, "CommitFailedException")
        // A part of the request that the table lacks, or no version has: 404 would say that there is no table.
        case .notFound, .unsupported: return (400, "BadRequestException")
        default: break
        }
        let status = FaultStatus(error).status
        switch status {
        case 400: return (status, "BadRequestException")
        case 401: return (status, "NotAuthorizedException")
        case 403: return (status, "ForbiddenException")
        case 404: return (status, "NotFoundException")
        case 405: return (status, "UnsupportedOperationException")
        case 406, 501: return (406, "UnsupportedOperationException")
        case 409: return (status, "CommitFailedException")
        case 413: return (status, "RequestTooLargeException")
        case 429: return (status, "TooManyRequestsException")
        case 503: return (status, "ServiceUnavailableException")
        // A gateway's code for "nobody knows": clients must not take it for a failure.
        case 504: return (500, "CommitStateUnknownException")
        default: return (status, "InternalServerError")
        }
    }

    private static func exact(_ code: CatalogError.Code) -> (status: Int, type: String)? {
        switch code {
        case .noSuchWarehouse, .warehouseInactive: (404, "NoSuchWarehouseException")
        case .noSuchNamespace: (404, "NoSuchNamespaceException")
        case .noSuchTable: (404, "NoSuchTableException")
        case .noSuchView: (404, "NoSuchViewException")
        case .noSuchPlan: (404, "NoSuchPlanIdException")
        case .noSuchPlanTask: (404, "NoSuchPlanTaskException")
        case .alreadyExists, .locationOverlaps: (409, "AlreadyExistsException")
        case .namespaceNotEmpty: (409, "NamespaceNotEmptyException")
        case .contradictoryProperties, .keyReused: (422, "UnprocessableEntityException")
        case .commitConflict, .commitContended: (409, "CommitFailedException")
        case .commitOutcomeUnknown: (500, "CommitStateUnknownException")
        case .warehouseNotEmpty, .invalidName, .limitExceeded, .invalidPageToken, .locationOutside,
            .changeRefused, .notRegistrable, .placeLeft, .corrupt, .planningBusy:
            nil
        }
    }
}
