"""Where the names of the star import are. Made by ``tools/star_names.py``: do not edit."""

CLASSES = {
    "tradinglab.algorithm.bars": "Bar QuoteBar TradeBar",
    "tradinglab.algorithm.base_data": "BaseData IndicatorDataPoint",
    "tradinglab.algorithm.benchmark": "FuncBenchmark SecurityBenchmark",
    "tradinglab.algorithm.charting": """
        BaseSeries Candlestick CandlestickSeries Chart ChartPoint ScatterChartPoint Series""",
    "tradinglab.algorithm.colors": "Color",
    "tradinglab.algorithm.commands": "Command",
    "tradinglab.algorithm.consolidators.base": """
        ConsolidatorBase DataConsolidator IDataConsolidator PythonConsolidator""",
    "tradinglab.algorithm.consolidators.brick_bars": """
        BarDirection BaseRenkoBar RangeBar RenkoBar VolumeRenkoBar""",
    "tradinglab.algorithm.consolidators.calendar": "Calendar CalendarInfo CalendarType Expiry",
    "tradinglab.algorithm.consolidators.errors": "ConsolidationError",
    "tradinglab.algorithm.consolidators.identity": """
        FilteredIdentityDataConsolidator IdentityDataConsolidator SequentialConsolidator""",
    "tradinglab.algorithm.consolidators.market_hours": "MarketHourAwareConsolidator",
    "tradinglab.algorithm.consolidators.open_interest": "OpenInterestConsolidator",
    "tradinglab.algorithm.consolidators.period_count": "PeriodCountConsolidatorBase",
    "tradinglab.algorithm.consolidators.quote_bars": "QuoteBarConsolidator TickQuoteBarConsolidator",
    "tradinglab.algorithm.consolidators.renko": """
        DollarVolumeRenkoConsolidator RenkoConsolidator VolumeRenkoConsolidator WickedRenkoConsolidator""",
    "tradinglab.algorithm.consolidators.session": "Session SessionConsolidator",
    "tradinglab.algorithm.consolidators.session_bar": "SessionBar",
    "tradinglab.algorithm.consolidators.timeless": """
        BaseTimelessConsolidator ClassicRangeConsolidator ClassicRenkoConsolidator RangeConsolidator""",
    "tradinglab.algorithm.consolidators.trade_bars": """
        BaseDataConsolidator DynamicDataConsolidator TickConsolidator TradeBarConsolidator""",
    "tradinglab.algorithm.framework.accumulative_insights": "AccumulativeInsightPortfolioConstructionModel",
    "tradinglab.algorithm.framework.alpha_models": "AlphaModel CompositeAlphaModel NullAlphaModel",
    "tradinglab.algorithm.framework.black_litterman": """
        BlackLittermanOptimizationPortfolioConstructionModel""",
    "tradinglab.algorithm.framework.constant_alpha": "ConstantAlphaModel",
    "tradinglab.algorithm.framework.execution_models": """
        ExecutionModel ImmediateExecutionModel NullExecutionModel""",
    "tradinglab.algorithm.framework.fundamental_models": """
        CoarseFundamentalUniverseSelectionModel FineFundamentalUniverseSelectionModel
        FundamentalUniverseSelectionModel""",
    "tradinglab.algorithm.framework.indicator_alphas": """
        EmaCrossAlphaModel HistoricalReturnsAlphaModel MacdAlphaModel RsiAlphaModel""",
    "tradinglab.algorithm.framework.optimized_portfolios": """
        MeanVarianceOptimizationPortfolioConstructionModel RiskParityPortfolioConstructionModel""",
    "tradinglab.algorithm.framework.optimizers": """
        IPortfolioOptimizer MaximumSharpeRatioPortfolioOptimizer MinimumVariancePortfolioOptimizer
        RiskParityPortfolioOptimizer UnconstrainedMeanVariancePortfolioOptimizer""",
    "tradinglab.algorithm.framework.pairs_alphas": """
        BasePairsTradingAlphaModel PearsonCorrelationPairsTradingAlphaModel""",
    "tradinglab.algorithm.framework.past_returns": "ReturnsSymbolData",
    "tradinglab.algorithm.framework.patient_executions": """
        SpreadExecutionModel StandardDeviationExecutionModel VolumeWeightedAveragePriceExecutionModel""",
    "tradinglab.algorithm.framework.portfolio_models": """
        NullPortfolioConstructionModel PortfolioConstructionModel""",
    "tradinglab.algorithm.framework.risk_limits": """
        MaximumDrawdownPercentPerSecurity MaximumDrawdownPercentPortfolio MaximumUnrealizedProfitPercentPerSecurity
        TrailingStopRiskManagementModel""",
    "tradinglab.algorithm.framework.risk_models": """
        CompositeRiskManagementModel NullRiskManagementModel RiskManagementModel""",
    "tradinglab.algorithm.framework.sectors": """
        MaximumSectorExposureRiskManagementModel SectorWeightingPortfolioConstructionModel""",
    "tradinglab.algorithm.framework.target_collection": "PortfolioTargetCollection",
    "tradinglab.algorithm.framework.universe_models": """
        CompositeUniverseSelectionModel CustomUniverseSelectionModel InceptionDateUniverseSelectionModel
        ManualUniverseSelectionModel NullUniverseSelectionModel ScheduledUniverseSelectionModel
        UniverseSelectionModel""",
    "tradinglab.algorithm.framework.weightings": """
        ConfidenceWeightedPortfolioConstructionModel EqualWeightingPortfolioConstructionModel
        InsightWeightingPortfolioConstructionModel""",
    "tradinglab.algorithm.indicators.adaptive_averages": """
        ArnaudLegouxMovingAverage KaufmanAdaptiveMovingAverage KaufmanEfficiencyRatio McGinleyDynamic
        RelativeMovingAverage ZeroLagExponentialMovingAverage""",
    "tradinglab.algorithm.indicators.arima": "AutoRegressiveIntegratedMovingAverage",
    "tradinglab.algorithm.indicators.average_types": "MovingAverageTypeExtensions",
    "tradinglab.algorithm.indicators.base": """
        BarIndicator Indicator IndicatorBase IndicatorResult TradeBarIndicator WindowIndicator""",
    "tradinglab.algorithm.indicators.breadth": """
        AdvanceDeclineDifference AdvanceDeclineIndicator AdvanceDeclineRatio AdvanceDeclineVolumeRatio ArmsIndex
        McClellanOscillator McClellanSummationIndex NewHighsNewLows NewHighsNewLowsVolume""",
    "tradinglab.algorithm.indicators.candles": """
        CandleColor CandleRangeType CandleSetting CandleSettingType CandleSettings CandlestickPattern""",
    "tradinglab.algorithm.indicators.candles_double": """
        Counterattack DarkCloudCover DojiStar Engulfing Hammer HangingMan Harami HaramiCross HomingPigeon InNeck
        InvertedHammer Kicking KickingByLength MatchingLow OnNeck Piercing SeparatingLines ShootingStar Thrusting""",
    "tradinglab.algorithm.indicators.candles_multiple": """
        Breakaway ConcealedBabySwallow Hikkake HikkakeModified LadderBottom MatHold RiseFallThreeMethods
        ThreeBlackCrows ThreeLineStrike""",
    "tradinglab.algorithm.indicators.candles_single": """
        BeltHold ClosingMarubozu Doji DragonflyDoji GravestoneDoji HighWaveCandle LongLeggedDoji LongLineCandle
        Marubozu RickshawMan ShortLineCandle SpinningTop Takuri""",
    "tradinglab.algorithm.indicators.candles_triple": """
        AbandonedBaby AdvanceBlock EveningDojiStar EveningStar GapSideBySideWhite IdenticalThreeCrows
        MorningDojiStar MorningStar StalledPattern StickSandwich TasukiGap ThreeInside ThreeOutside
        ThreeStarsInSouth ThreeWhiteSoldiers Tristar TwoCrows UniqueThreeRiver UpDownGapThreeMethods
        UpsideGapTwoCrows""",
    "tradinglab.algorithm.indicators.channels": """
        AccelerationBands ChandeKrollStop DonchianChannel KeltnerChannels MidPoint MidPrice SqueezeMomentum""",
    "tradinglab.algorithm.indicators.composites": """
        CompositeIndicator ConstantIndicator Delay FilteredIdentity FunctionalIndicator Identity
        ResetCompositeIndicator WindowIdentity""",
    "tradinglab.algorithm.indicators.demark": "TomDemarkSequential TomDemarkSequentialPhase",
    "tradinglab.algorithm.indicators.extensions": "IndicatorExtensions",
    "tradinglab.algorithm.indicators.extremes": "Maximum Minimum",
    "tradinglab.algorithm.indicators.field": "Field",
    "tradinglab.algorithm.indicators.filters": """
        FractalAdaptiveMovingAverage HilbertTransform MesaAdaptiveMovingAverage SwissArmyKnife SwissArmyKnifeTool
        VariableIndexDynamicAverage""",
    "tradinglab.algorithm.indicators.ichimoku": "IchimokuKinkoHyo",
    "tradinglab.algorithm.indicators.momentum": """
        LogReturn Momentum MomentumPercent MovingAverageConvergenceDivergence RateOfChange RateOfChangePercent
        RateOfChangeRatio RelativeStrengthIndex""",
    "tradinglab.algorithm.indicators.moving_averages": """
        DoubleExponentialMovingAverage ExponentialMovingAverage HullMovingAverage LinearWeightedMovingAverage
        SimpleMovingAverage Sum T3MovingAverage TriangularMovingAverage TripleExponentialMovingAverage
        WilderMovingAverage""",
    "tradinglab.algorithm.indicators.oscillators": """
        AwesomeOscillator BalanceOfPower CommodityChannelIndex InternalBarStrength Stochastic UltimateOscillator
        WilliamsPercentR""",
    "tradinglab.algorithm.indicators.pivots": """
        PivotPoint PivotPointType PivotPointsEventArgs PivotPointsHighLow ZigZag""",
    "tradinglab.algorithm.indicators.profiles": """
        MarketProfile RelativeDailyVolume TimeProfile VolumeProfile""",
    "tradinglab.algorithm.indicators.python_indicator": "PythonIndicator",
    "tradinglab.algorithm.indicators.ranges": """
        AverageRange HeikinAshi MassIndex NormalizedAverageTrueRange RogersSatchellVolatility
        WilderAccumulativeSwingIndex WilderSwingIndex""",
    "tradinglab.algorithm.indicators.smoothed_oscillators": """
        DeMarkerIndicator FisherTransform PremierStochasticOscillator WaveTrendOscillator""",
    "tradinglab.algorithm.indicators.statistical": """
        AugenPriceSpike HurstExponent LeastSquaresMovingAverage MeanAbsoluteDeviation RegressionChannel SharpeRatio
        SortinoRatio TargetDownsideDeviation TimeSeriesForecast ValueAtRisk""",
    "tradinglab.algorithm.indicators.strength": """
        ConnorsRelativeStrengthIndex DerivativeOscillator Momersion MomersionIndicator RelativeVigorIndex
        RelativeVigorIndexSignal SchaffTrendCycle StochasticRelativeStrengthIndex""",
    "tradinglab.algorithm.indicators.trend": """
        AroonOscillator AverageDirectionalIndex AverageDirectionalMovementIndexRating ChoppinessIndex
        ParabolicStopAndReverse ParabolicStopAndReverseExtended SuperTrend Vortex""",
    "tradinglab.algorithm.indicators.two_symbols": "Alpha Beta Correlation CorrelationType Covariance",
    "tradinglab.algorithm.indicators.value_oscillators": """
        AbsolutePriceOscillator ChandeMomentumOscillator CoppockCurve DetrendedPriceOscillator KnowSureThing
        PercentagePriceOscillator Trix TrueStrengthIndex""",
    "tradinglab.algorithm.indicators.volatility": """
        AverageTrueRange BollingerBands StandardDeviation TrueRange Variance""",
    "tradinglab.algorithm.indicators.volume": """
        AccumulationDistribution AccumulationDistributionOscillator ChaikinMoneyFlow ChaikinOscillator
        EaseOfMovementValue ForceIndex IntradayVwap KlingerVolumeOscillator MoneyFlowIndex OnBalanceVolume
        SmoothedOnBalanceVolume VolumeWeightedAveragePriceIndicator VolumeWeightedMovingAverage""",
    "tradinglab.algorithm.insights.collection": "GeneratedInsightsCollection InsightCollection",
    "tradinglab.algorithm.insights.insight": "Insight",
    "tradinglab.algorithm.insights.manager": "InsightManager",
    "tradinglab.algorithm.insights.score": "InsightScore",
    "tradinglab.algorithm.market_events": """
        Delisting Dividend MarginInterestRate Split SymbolChangedEvent""",
    "tradinglab.algorithm.models.brokerage.base": "BrokerageModel DefaultBrokerageModel",
    "tradinglab.algorithm.models.brokerage.binance": """
        BinanceBrokerageModel BinanceCoinFuturesBrokerageModel BinanceFuturesBrokerageModel BinanceUSBrokerageModel""",
    "tradinglab.algorithm.models.brokerage.crypto": """
        BitfinexBrokerageModel BybitBrokerageModel CoinbaseBrokerageModel FTXBrokerageModel FTXUSBrokerageModel
        GDAXBrokerageModel KrakenBrokerageModel dYdXBrokerageModel""",
    "tradinglab.algorithm.models.brokerage.equities": """
        AlpacaBrokerageModel AlphaStreamsBrokerageModel AxosClearingBrokerageModel BloombergFixBrokerageModel
        CharlesSchwabBrokerageModel ExanteBrokerageModel EzeBrokerageModel PublicBrokerageModel RBIBrokerageModel
        TDAmeritradeBrokerageModel TastytradeBrokerageModel TerminalLinkBrokerageModel TradeStationBrokerageModel
        WebullBrokerageModel WolverineBrokerageModel""",
    "tradinglab.algorithm.models.brokerage.interactive_brokers": """
        InteractiveBrokersBrokerageModel InteractiveBrokersFixModel""",
    "tradinglab.algorithm.models.brokerage.markets": """
        FxcmBrokerageModel OandaBrokerageModel SamcoBrokerageModel TradingTechnologiesBrokerageModel
        ZerodhaBrokerageModel""",
    "tradinglab.algorithm.models.brokerage.message": "BrokerageMessageEvent BrokerageMessageType",
    "tradinglab.algorithm.models.brokerage.ruled": "RuledBrokerageModel",
    "tradinglab.algorithm.models.brokerage.tradier": "TradierBrokerageModel",
    "tradinglab.algorithm.models.buying_power.amounts": """
        BuyingPower InitialMargin MaintenanceMargin Margin ReservedBuyingPowerForPosition""",
    "tradinglab.algorithm.models.buying_power.cash": "CashBuyingPowerModel",
    "tradinglab.algorithm.models.buying_power.crypto_future": """
        BinanceCryptoFutureMarginModel CryptoFutureMarginModel""",
    "tradinglab.algorithm.models.buying_power.extensions": "BuyingPowerModelExtensions",
    "tradinglab.algorithm.models.buying_power.model": "BuyingPowerModel NullBuyingPowerModel",
    "tradinglab.algorithm.models.buying_power.parameters": """
        BuyingPowerParameters GetMaximumOrderQuantityForDeltaBuyingPowerParameters
        GetMaximumOrderQuantityForTargetBuyingPowerParameters GetMaximumOrderQuantityResult
        HasSufficientBuyingPowerForOrderParameters HasSufficientBuyingPowerForOrderResult InitialMarginParameters
        InitialMarginRequiredForOrderParameters MaintenanceMarginParameters ReservedBuyingPowerForPositionParameters""",
    "tradinglab.algorithm.models.buying_power.sizing": "SizingError",
    "tradinglab.algorithm.models.buying_power.variants": """
        ConstantBuyingPowerModel PatternDayTradingMarginModel SecurityMarginModel""",
    "tradinglab.algorithm.models.fees.base": "ConstantFeeModel FeeModel OrderFeeParameters",
    "tradinglab.algorithm.models.fees.brokers": """
        AlphaStreamsFeeModel AxosFeeModel CharlesSchwabFeeModel ExanteFeeModel EzeFeeModel FxcmFeeModel
        PublicFeeModel RBIFeeModel TDAmeritradeFeeModel TastytradeFeeModel TradeStationFeeModel WolverineFeeModel""",
    "tradinglab.algorithm.models.fees.coinbase": "CoinbaseFeeModel GDAXFeeModel",
    "tradinglab.algorithm.models.fees.crypto": """
        AlpacaFeeModel BinanceCoinFuturesFeeModel BinanceFeeModel BinanceFuturesFeeModel BitfinexFeeModel
        BybitFeeModel BybitFuturesFeeModel FTXFeeModel FTXUSFeeModel KrakenFeeModel MakerTakerFeeModel dYdXFeeModel""",
    "tradinglab.algorithm.models.fees.india": "IndiaFeeModel SamcoFeeModel ZerodhaFeeModel",
    "tradinglab.algorithm.models.fees.interactive_brokers": "InteractiveBrokersFeeModel",
    "tradinglab.algorithm.models.fees.webull": "WebullFeeModel",
    "tradinglab.algorithm.models.fills.equity_fill_model": "EquityFillModel",
    "tradinglab.algorithm.models.fills.errors": "FillError NeverClosesError NoMarketDataError",
    "tradinglab.algorithm.models.fills.fill_model": "FillModel ImmediateFillModel",
    "tradinglab.algorithm.models.fills.future": "FutureFillModel FutureOptionFillModel",
    "tradinglab.algorithm.models.fills.latest_price": "LatestPriceFillModel",
    "tradinglab.algorithm.models.fills.parameters": "Fill FillModelParameters SecuritiesForOrders",
    "tradinglab.algorithm.models.fills.prices": "Prices",
    "tradinglab.algorithm.models.interest_rate": """
        ConstantRiskFreeRateInterestRateModel FuncRiskFreeRateInterestRateModel InterestRateProvider
        RiskFreeInterestRateModel""",
    "tradinglab.algorithm.models.interfaces": """
        IBrokerageModel IBuyingPowerModel ICurrencyConverter IFeeModel IFillModel IMarginCallModel
        IMarginInterestRateModel IPortfolioTarget IPriceVariationModel IRiskFreeInterestRateModel
        ISecurityDataFilter ISecurityInitializer ISecurityPortfolioModel ISecuritySeeder ISettlementModel
        IShortableProvider ISlippageModel IVolatilityModel""",
    "tradinglab.algorithm.models.margin_call": """
        DefaultMarginCallModel MarginCallModel MarginCallOrdersParameters""",
    "tradinglab.algorithm.models.margin_interest": """
        BinanceFutureMarginInterestRateModel BybitFutureMarginInterestRateModel MarginInterestRateModel
        MarginInterestRateParameters ShortMarginInterestRateModel dYdXFutureMarginInterestRateModel""",
    "tradinglab.algorithm.models.market_impact": "MarketImpactSlippageModel",
    "tradinglab.algorithm.models.security_initializer": """
        BrokerageModelSecurityInitializer CompositeSecurityInitializer FuncSecurityInitializer FuncSecuritySeeder
        Initializes SecurityInitializer SecuritySeeder""",
    "tradinglab.algorithm.models.settlement": """
        AccountCurrencyImmediateSettlementModel ApplyFundsSettlementModelParameters DelayedSettlementModel
        ImmediateSettlementModel ScanSettlementModelParameters SettlementModel""",
    "tradinglab.algorithm.models.shortable": """
        InteractiveBrokersShortableProvider LocalDiskShortableProvider NullShortableProvider ShortableProvider""",
    "tradinglab.algorithm.models.slippage": """
        AlphaStreamsSlippageModel ConstantSlippageModel NullSlippageModel SlippageModel VolumeShareSlippageModel""",
    "tradinglab.algorithm.models.volatility": """
        BaseVolatilityModel IndicatorVolatilityModel RelativeStandardDeviationVolatilityModel
        StandardDeviationOfReturnsVolatilityModel VolatilityModel VolatilityModelExtensions""",
    "tradinglab.algorithm.names": """
        ArgumentException CircularQueue Extensions Globals InvalidOperationException Math RegressionTestException
        Time TimeSpan""",
    "tradinglab.algorithm.orders.brokerage_properties": """
        AlpacaOrderProperties BinanceOrderProperties BitfinexOrderProperties BloombergFixOrderProperties
        BybitOrderProperties CharlesSchwabOrderProperties CoinbaseOrderProperties EzeOrderProperties
        FTXOrderProperties FixOrderProperties GDAXOrderProperties IndiaOrderProperties
        InteractiveBrokersFixOrderProperties InteractiveBrokersOrderProperties KrakenOrderProperties
        PublicOrderProperties RBIOrderProperties TDAmeritradeOrderProperties TastytradeOrderProperties
        TerminalLinkOrderProperties TradeStationOrderProperties TradierOrderProperties
        TradingTechnologiesOrderProperties WebullOrderProperties WolverineOrderProperties dYdXOrderProperties""",
    "tradinglab.algorithm.orders.combo": """
        ComboLegLimitOrder ComboLimitOrder ComboMarketOrder ComboOrder GroupOrderCacheManager GroupOrderExtensions
        GroupOrderManager Leg""",
    "tradinglab.algorithm.orders.fee": "CashAmount ModifiedFillQuantityOrderFee OrderFee",
    "tradinglab.algorithm.orders.order": "Order",
    "tradinglab.algorithm.orders.order_event": "OrderEvent",
    "tradinglab.algorithm.orders.order_extensions": "OrderError OrderExtensions",
    "tradinglab.algorithm.orders.order_sizing": "OrderSizing",
    "tradinglab.algorithm.orders.order_types": """
        LimitIfTouchedOrder LimitOrder MarketOnCloseOrder MarketOnOpenOrder MarketOrder OptionExerciseOrder
        StopLimitOrder StopMarketOrder""",
    "tradinglab.algorithm.orders.properties": "OrderProperties",
    "tradinglab.algorithm.orders.requests": """
        CancelOrderRequest OrderRequest SubmitOrderRequest UpdateOrderFields UpdateOrderRequest""",
    "tradinglab.algorithm.orders.responses": "OrderResponse",
    "tradinglab.algorithm.orders.submission": "OrderSubmissionData",
    "tradinglab.algorithm.orders.ticket": "OrderTicket",
    "tradinglab.algorithm.orders.time_in_force": """
        DayTimeInForce GoodTilCanceledTimeInForce GoodTilDateTimeInForce TimeInForce""",
    "tradinglab.algorithm.orders.trailing_stop": "TrailingStopOrder",
    "tradinglab.algorithm.orders.venue": "Exchange",
    "tradinglab.algorithm.performance": """
        PerformanceMetrics RunningStatistics StatisticsSummary""",
    "tradinglab.algorithm.portfolio_target": "PortfolioTarget TargetAlgorithm",
    "tradinglab.algorithm.qc_algorithm": "QCAlgorithm",
    "tradinglab.algorithm.rolling_window": "RollingWindow WindowBase",
    "tradinglab.algorithm.scheduling.date_rules": "DateRules",
    "tradinglab.algorithm.scheduling.fluent": "FluentSchedule",
    "tradinglab.algorithm.scheduling.rules": """
        CompositeTimeRule FuncDateRule FuncTimeRule IDateRule ITimeRule""",
    "tradinglab.algorithm.scheduling.schedule_manager": "ScheduleManager",
    "tradinglab.algorithm.scheduling.scheduled_event": "ScheduledEvent",
    "tradinglab.algorithm.scheduling.time_rules": "TimeRules",
    "tradinglab.algorithm.securities.cache": "SecurityCache",
    "tradinglab.algorithm.securities.cash": "Cash ConvertibleCashAmount UnsettledCashAmount",
    "tradinglab.algorithm.securities.cash_book": """
        CashBook CashBookUpdateType CashBookUpdatedEventArgs""",
    "tradinglab.algorithm.securities.currency_conversion": """
        ConstantCurrencyConversion CurrencyConversion SecurityCurrencyConversion""",
    "tradinglab.algorithm.securities.dynamic_data": "DynamicSecurityData",
    "tradinglab.algorithm.securities.exchange": """
        CfdExchange CryptoExchange CryptoFutureExchange EquityExchange ForexExchange IndexExchange SecurityExchange""",
    "tradinglab.algorithm.securities.holding": """
        CfdHolding CryptoFutureHolding CryptoHolding EquityHolding ForexHolding IndexHolding SecurityHolding""",
    "tradinglab.algorithm.securities.holding_state": "SecurityHoldingQuantityChangedEventArgs",
    "tradinglab.algorithm.securities.mapping": "ExtendedDictionary",
    "tradinglab.algorithm.securities.portfolio": "SecurityPortfolioManager",
    "tradinglab.algorithm.securities.portfolio_model": "SecurityPortfolioModel",
    "tradinglab.algorithm.securities.positions": """
        NullSecurityPositionGroupModel Position PositionGroup SecurityPositionGroupModel""",
    "tradinglab.algorithm.securities.price_feed": "PriceFeed",
    "tradinglab.algorithm.securities.price_variation": """
        AdjustedPriceVariationModel EquityPriceVariationModel GetMinimumPriceVariationParameters SecurityDataFilter
        SecurityPriceVariationModel""",
    "tradinglab.algorithm.securities.security": "Security",
    "tradinglab.algorithm.securities.security_manager": "SecurityManager",
    "tradinglab.algorithm.securities.security_types": "Cfd Crypto CryptoFuture Equity Forex Index",
    "tradinglab.algorithm.securities.time_keeper": "TimeKeeper",
    "tradinglab.algorithm.securities.transactions": """
        OrderProcessor ProjectedHoldings SecurityTransactionManager TransactionRecord""",
    "tradinglab.algorithm.security_changes": "SecurityChanges",
    "tradinglab.algorithm.settings": "AlgorithmSettings UniverseSettings",
    "tradinglab.algorithm.slice": """
        DataDictionary Delistings Dividends KeyValuePair MarginInterestRates QuoteBars Slice SliceGetter Splits
        SymbolChangedEvents Ticks TradeBars""",
    "tradinglab.algorithm.subscription_config": "SubscriptionDataConfig",
    "tradinglab.algorithm.subscription_service": "SubscriptionDataConfigService",
    "tradinglab.algorithm.subscriptions": "SubscriptionManager",
    "tradinglab.algorithm.ticks": "OpenInterest Tick",
    "tradinglab.algorithm.trade": "Trade",
    "tradinglab.algorithm.universes.manager": "UniverseManager",
    "tradinglab.algorithm.universes.timed": """
        CustomUniverse ManualUniverse ScheduledUniverse UserDefinedUniverse""",
    "tradinglab.algorithm.universes.universe": "Universe",
    "tradinglab.core.currencies": "Currencies",
    "tradinglab.core.dotnet_random": "Random",
    "tradinglab.core.enums": """
        AccountType AlgorithmMode AlgorithmStatus BrokerageName ChartType DataMappingMode DataNormalizationMode
        DayOfWeek DelistingType DeploymentTarget FileFormat FillGroupingMethod FillMatchingMethod IndicatorStatus
        InsightDirection InsightScoreType InsightType MarketDataType MarketHoursState MovingAverageType OptionRight
        OptionStyle OrderDirection OrderField OrderPosition OrderRequestStatus OrderRequestType
        OrderResponseErrorCode OrderStatus OrderType Period PortfolioBias PositionSide RenkoType Resolution
        ScatterMarkerSymbol SecurityType SeriesType SettlementType SplitType SubscriptionTransportMedium TickType
        TradeDirection""",
    "tradinglab.core.local_market_hours": "LocalMarketHours MarketHoursSegment",
    "tradinglab.core.market": "Market",
    "tradinglab.core.market_hours": "SecurityExchangeHours",
    "tradinglab.core.market_hours_database": "EntrySource MarketHoursDatabase MarketHoursEntry",
    "tradinglab.core.security_identifier": "Listings SecurityIdentifier",
    "tradinglab.core.symbol": "Symbol",
    "tradinglab.core.symbol_cache": "SymbolCache",
    "tradinglab.core.symbol_properties": """
        PropertiesSource SymbolProperties SymbolPropertiesDatabase""",
    "tradinglab.core.time_zones": "TimeZones",
}
MODULES = {
    "json": "json",
    "math": "math",
    "np": "numpy",
    "numpy": "numpy",
    "pd": "pandas",
    "pandas": "pandas",
    "sys": "sys",
}
