import XMLText

extension XMLElement {
    /// The body of an S3 request.
    ///
    /// - Errors: `S3-103`.
    init(s3 bytes: [UInt8]) throws(S3Error) {
        do {
            try self.init(parsing: bytes)
        } catch {
            throw S3Error(
                .malformedXML, "the body is not the XML this request takes: \(error.summary)",
                ["byte": error.context.first?.value ?? ""])
        }
    }
}
