/// How a new object is to be encrypted.
package enum WriteEncryption: Sendable {
    /// As the bucket's setting says.
    case ofBucket
    /// With a key of the object's own, which the store keeps (SSE-S3).
    case store
    /// With a key that whoever reads must bring (SSE-C).
    case customer(CustomerKey)
}

/// Whose key an object is encrypted with.
package enum EncryptionKind: Sendable, Hashable {
    case store, customer
}
