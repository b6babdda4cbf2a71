package import Telemetry
package import Wire

/// The hosted service's management API below `/client/v4`, and our own additions below its `firn/`.
package enum ManagementAPI {
    package static func router(services: ManagementServices, log: Log) -> Router {
        var router = Router(log: log)
        AccountRoutes.add(to: &router, services: services)
        var routes = ManagementRoutes(services: services, router: router)
        AccountRoutes.add(to: &routes)
        BucketRoutes.add(to: &routes)
        BucketSettingRoutes.add(to: &routes)
        WarehouseRoutes.add(to: &routes)
        TableRoutes.add(to: &routes)
        StreamRoutes.add(to: &routes)
        SinkRoutes.add(to: &routes)
        PipelineRoutes.add(to: &routes)
        LegacyPipelineRoutes.add(to: &routes)
        QueryRoutes.add(to: &routes)
        TokenRoutes.add(to: &routes)
        SettingsRoutes.add(to: &routes)
        ClusterRoutes.add(to: &routes)
        return routes.router
    }
}
